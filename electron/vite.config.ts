import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { InlineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Packages with native code of their own stay packages, and Electron is there already. */
export const KEPT_PACKAGES = ['onnxruntime-node', 'sharp', 'tokenizers'];
const external = ['electron', ...KEPT_PACKAGES, ...builtinModules, /^node:/];

const common: InlineConfig = {
  root: here('..'),
  cacheDir: here('../.cache/vite'),
  build: {
    outDir: here('../dist/electron'),
    emptyOutDir: false,
    target: 'node24',
    minify: false,
    reportCompressedSize: false,
  },
};

/** The processes are modules of Node; a sandboxed preload script is one CommonJS file. */
export const shellBuilds: readonly InlineConfig[] = [
  {
    ...common,
    ssr: { noExternal: true, external: KEPT_PACKAGES },
    build: {
      ...common.build,
      ssr: true,
      rolldownOptions: {
        external,
        input: {
          main: here('./main.ts'),
          service: here('./processes/service.ts'),
          runner: here('./processes/runner.ts'),
          pulsethread: here('../service/runner/pulsethread.ts'),
          plannerthread: here('../service/batch/plannerthread.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  {
    ...common,
    build: {
      ...common.build,
      rolldownOptions: {
        external,
        input: here('./preload.ts'),
        output: { format: 'cjs', entryFileNames: 'preload.cjs', codeSplitting: false },
      },
    },
  },
];

import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Large packages that change seldom: a new version of the editor leaves them in the browser's cache. */
const VENDORS = [
  { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
  { name: 'prompt', test: /node_modules[\\/](@codemirror|@lezer|style-mod|w3c-keyname|crelt)[\\/]/ },
  { name: 'controls', test: /node_modules[\\/](radix-ui|@radix-ui|@floating-ui|lucide-react)[\\/]/ },
];

/** The editor as static files, the same for the desktop application and for `attune serve`. */
export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: false,
  cacheDir: here('../.cache/vite'),
  plugins: [react()],
  build: {
    outDir: here('../dist/editor'),
    emptyOutDir: true,
    // Electron 45 has Chromium 150; the served editor meets the browsers that people have.
    target: ['chrome130', 'firefox132', 'safari18'],
    sourcemap: false,
    // No data: URLs of fonts and scripts: the page's policy refuses them.
    assetsInlineLimit: 0,
    // The polyfill is a script in the page.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: VENDORS } } },
  },
});

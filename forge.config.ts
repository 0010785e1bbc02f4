import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { FuseV1Options, FuseVersion } from '@electron/fuses';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import { buildForge, Platform } from 'electron-builder';
import { buildShell } from './cli/buildshell.ts';
import { builtEditor } from './cli/editor.ts';
import { KEPT_PACKAGES } from './electron/vite.config.ts';

/** Packaging of the desktop application: Forge packs it, electron-builder makes its installers. */
const ROOT = import.meta.dirname;

/** What of this folder goes along besides packages: bundles, the model that ships, the sample, and what they owe to others. */
const CONTENTS = [
  'dist/editor',
  'dist/electron',
  'models/embedded',
  'models/upscalers',
  'cli/sample',
  'package.json',

  'docs/third-party.md',
];

/** The packages that stay packages, with all they need, as folders below `node_modules`. */
async function keptFolders(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const add = async (name: string, from: string): Promise<void> => {
    for (let place = from; ; place = dirname(place)) {
      const folder = join(place, 'node_modules', name);
      const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
      if (text === undefined) {
        // An optional package of another platform.
        if (place === ROOT) return;
        continue;
      }
      if (found.has(relative(ROOT, folder))) return;
      found.add(relative(ROOT, folder));
      const { dependencies, optionalDependencies } = JSON.parse(text) as Manifest;
      for (const other of Object.keys({ ...dependencies, ...optionalDependencies })) await add(other, folder);
      return;
    }
  };
  for (const name of KEPT_PACKAGES) await add(name, ROOT);
  return found;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const kept = [...CONTENTS, ...(await keptFolders())].map((path) => `/${path.split(sep).join('/')}`);

/** Whether a path, as `/dist/editor`, stays out: neither within what is kept nor on the way to it. */
const isLeftOut = (path: string) =>
  path !== '' && !kept.some((entry) => path === entry || path.startsWith(`${entry}/`) || entry.startsWith(`${path}/`));

/** onnxruntime-node carries the libraries of every platform; only those of the packaged one go along. */
async function dropForeign(buildPath: string, platform: string, arch: string): Promise<void> {
  const bin = join(buildPath, 'node_modules', 'onnxruntime-node', 'bin');
  for (const api of await readdir(bin))
    for (const system of await readdir(join(bin, api)))
      for (const machine of await readdir(join(bin, api, system)))
        if (system !== platform || machine !== arch)
          await rm(join(bin, api, system, machine), { recursive: true, force: true });
}

/** Installers by electron-builder from what Forge packaged. */
class Installers {
  readonly __isElectronForgeMaker = true;
  readonly name = 'electron-builder';
  readonly platforms = ['linux', 'win32', 'darwin'];
  readonly requiredExternalBinaries: readonly string[] = [];
  clone = () => new Installers();
  isSupportedOnCurrentPlatform = () => true;
  ensureExternalBinariesExist = () => {};
  prepareConfig = async () => {};
  make({ dir, targetPlatform }: { readonly dir: string; readonly targetPlatform: string }): Promise<string[]> {
    const targets = {
      linux: Platform.LINUX.createTarget(['AppImage', 'deb']),
      win32: Platform.WINDOWS.createTarget(['nsis']),
      darwin: Platform.MAC.createTarget(['dmg']),
    }[targetPlatform];
    return buildForge({ dir }, { ...(targets && { targets }), config: { extends: null, ...installer } });
  }
}

const installer = {
  appId: 'app.attune.editor',
  productName: 'Attune',
  linux: { category: 'Graphics', executableName: 'attune', maintainer: 'The Attune authors' },
  nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
};

/** A folder with Electron's zip, where it cannot be fetched. */
const zips = process.env.ATTUNE_ELECTRON_ZIPS;

export default {
  outDir: process.env.ATTUNE_PACKAGE_DIR ?? 'out',
  packagerConfig: {
    name: 'Attune',
    executableName: 'attune',
    appBundleId: installer.appId,
    // Models and pictures are read in place, and libraries are loaded by the system: neither may be in the archive.
    asar: { unpack: '**/*.{node,so,so.*,dylib,dll}', unpackDir: '{models,cli}' },
    ignore: isLeftOut,
    prune: false,
    derefSymlinks: false,
    ...(zips && { electronZipDir: zips }),
  },
  hooks: {
    generateAssets: async () => {
      await builtEditor();
      await buildShell();
    },
    packageAfterCopy: async (_config: unknown, buildPath: string, _version: string, platform: string, arch: string) =>
      dropForeign(buildPath, platform, arch),
  },
  makers: [new Installers()],
  plugins: [
    new FusesPlugin({
      version: FuseVersion.V1,
      resetAdHocDarwinSignature: true,
      [FuseV1Options.RunAsNode]: false,
      [FuseV1Options.EnableCookieEncryption]: true,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: false,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
      [FuseV1Options.OnlyLoadAppFromAsar]: true,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    }),
  ],
};

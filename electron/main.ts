import { fileURLToPath } from 'node:url';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  nativeTheme,
  protocol,
  screen,
  session,
  utilityProcess,
} from 'electron';
import type { ElectronApi } from './api.ts';
import { runShell } from './shell.ts';

/** Beside the bundle, or outside of the archive in a packaged application: models are never inside it. */
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const outside = (path: string) => here(path).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');

const api: ElectronApi = {
  app,
  dialog: {
    // The owner is what `createWindow` made.
    showOpenDialog: (owner, options) => dialog.showOpenDialog(owner as BrowserWindow, options),
    showSaveDialog: (owner, options) => dialog.showSaveDialog(owner as BrowserWindow, options),
    showErrorBox: (title, content) => dialog.showErrorBox(title, content),
  },
  ipcMain,
  protocol,
  utilityProcess,
  nativeTheme,
  get session() {
    return session;
  },
  get screen() {
    return screen;
  },
  createChannel: () => new MessageChannelMain(),
  createWindow: (options) => new BrowserWindow(options),
  setMenu: (template) => Menu.setApplicationMenu(template === null ? null : Menu.buildFromTemplate(template)),
};

// Not awaited: Electron becomes ready only when this module has been evaluated.
runShell(
  api,
  {
    editor: here('../editor'),
    preload: here('./preload.cjs'),
    serviceFile: here('./service.js'),
    runnerFile: here('./runner.js'),
    embedded: outside('../../models/embedded'),
    sample: outside('../../cli/sample/scene.png'),
  },
  { platform: process.platform, argv: process.argv, folder: process.cwd() },
).catch((error: unknown) => {
  const what = error instanceof Error ? error.message : String(error);
  dialog.showErrorBox('Attune', `Attune cannot start: ${what}. Install it again, or report it.`);
  app.quit();
});

import type { BrowserWindowConstructorOptions } from 'electron';
import type { ElectronApi, Window } from './api.ts';
import { guardContents, ORIGIN } from './guards.ts';

/** What the page may not do is said here once more, though it is Electron's own default: a default may change. */
const windowOptions = (preload: string): BrowserWindowConstructorOptions => ({
  width: 1440,
  height: 900,
  minWidth: 960,
  minHeight: 640,
  show: false,
  title: 'Attune',
  backgroundColor: '#15161b',
  webPreferences: {
    preload,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    spellcheck: false,
    navigateOnDragDrop: false,
  },
});

/** Opens the editor's window; it is shown when there is something to see. */
export function openWindow({ createWindow }: ElectronApi, preload: string): Window {
  const window = createWindow(windowOptions(preload));
  guardContents(window.webContents);
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${ORIGIN}/`);
  return window;
}

/** Brings a window to the front, also from the task bar. */
export function bringForward(window: Window): void {
  if (window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

import type { BrowserWindowConstructorOptions } from 'electron';
import type { ElectronApi, Window } from './api.ts';
import { rememberedPlace, rememberPlace } from './bounds.ts';
import { guardContents, ORIGIN } from './guards.ts';

/** The ground of the editor in `renderer/src/styles/tokens.css`: what is seen until the page is there. */
const GROUND = { dark: '#15161b', light: '#eceef2' } as const;

/** What the page may not do is said here once more, though it is Electron's own default: a default may change. */
const windowOptions = (preload: string, isDark: boolean): BrowserWindowConstructorOptions => ({
  width: 1440,
  height: 900,
  minWidth: 960,
  minHeight: 640,
  show: false,
  title: 'Attune',
  backgroundColor: isDark ? GROUND.dark : GROUND.light,
  webPreferences: {
    preload,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    spellcheck: false,
    navigateOnDragDrop: false,
  },
});

export interface WindowOptions {
  readonly preload: string;
  /** Where the window's place is remembered. */
  readonly folder: string;
  /** The page is gone; another is loaded where `isLast` is false. */
  readonly onPageGone: (isLast: boolean) => void;
}

/** A page that ends more often than this within the time is not loaded again: it would end again. */
const MAX_PAGES = 3;
const PAGES_MS = 5 * 60_000;

/** Opens the editor's window where it was last; it is shown when there is something to see. */
export function openWindow(
  { createWindow, nativeTheme, screen }: ElectronApi,
  { preload, folder, onPageGone }: WindowOptions,
): Window {
  const place = rememberedPlace(
    folder,
    screen.getAllDisplays().map(({ workArea }) => workArea),
  );
  const window = createWindow({ ...windowOptions(preload, nativeTheme.shouldUseDarkColors), ...place?.bounds });
  guardContents(window.webContents);
  window.once('ready-to-show', () => {
    // Before that it would show an empty window.
    if (place?.isMaximized) window.maximize();
    window.show();
  });
  window.on('close', () =>
    rememberPlace(folder, { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() }),
  );
  let gone: number[] = [];
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    const now = Date.now();
    gone = [...gone.filter((time) => now - time < PAGES_MS), now];
    const isLast = gone.length >= MAX_PAGES;
    onPageGone(isLast);
    // The editor's journal brings the document back.
    if (!isLast) void window.loadURL(`${ORIGIN}/`);
  });
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

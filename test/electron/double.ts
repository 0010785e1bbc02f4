import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  App,
  BrowserWindowConstructorOptions,
  Display,
  ForkOptions,
  IpcMainInvokeEvent,
  MenuItemConstructorOptions,
  MessagePortMain,
  Rectangle,
  WebFrameMain,
} from 'electron';
import type { ChildProcess, Contents, ElectronApi, Window } from '../../electron/api.ts';
import { ORIGIN } from '../../electron/guards.ts';
import { doubleChannel, doubleOf } from './port.ts';

/** What the stand-in's page can do; Chromium's where there is one. */
export interface DoublePage {
  load(url: string): Promise<void>;
  /** A message of the main process for the preload script, with a port at the page's end. */
  deliver(channel: string, port: ReturnType<typeof doubleOf> | undefined, message: unknown): void;
}

export interface DoubleWindow {
  readonly options: BrowserWindowConstructorOptions;
  readonly window: Window;
  readonly events: EventEmitter;
  readonly contents: EventEmitter;
  /** The answer to a page that wants a window. */
  readonly openHandler: () => ((details: unknown) => { readonly action: string }) | undefined;
  readonly calls: string[];
  /** What the main process told the page. */
  readonly posted: { readonly channel: string; readonly message: unknown }[];
  /** Where its user moved it. */
  bounds: Rectangle;
  isMaximized: boolean;
}

export interface Double {
  readonly api: ElectronApi;
  readonly app: EventEmitter;
  readonly windows: DoubleWindow[];
  readonly schemes: unknown[];
  /** The handler of `app://`. */
  readonly answer: (url: string) => Promise<Response>;
  readonly session: Record<'permission' | 'check' | 'device' | 'request', (...given: never[]) => unknown>;
  readonly errors: string[];
  readonly menus: (MenuItemConstructorOptions[] | null)[];
  /** What the next dialog answers; undefined: the user gives up. */
  nextPath: string | undefined;
  readonly proposed: string[];
  /** While it is there, dialogs stay open until it resolves. */
  dialogGate: Promise<void> | undefined;
  /** Dialogs that were opened, and the windows that they belong to. */
  readonly dialogs: unknown[];
  /** Paths that the application took in place of Electron's own. */
  readonly paths: Map<string, string>;
  hasQuit(): boolean;
  /** A message from a page, as `ipcRenderer.send` and `invoke` make it; from the editor's window unless said otherwise. */
  send(channel: string, from?: Sender): void;
  invoke(channel: string, given?: unknown, from?: Sender): Promise<unknown>;
}

export interface Sender {
  readonly id?: number;
  readonly frame?: Partial<WebFrameMain> | null;
}

export interface DoubleOptions {
  readonly fork: (path: string, args: readonly string[], options?: ForkOptions) => ChildProcess;
  readonly isFirst?: boolean;
  readonly pictures?: string;
  /** The folder of all applications' settings; default: one of its own, that is removed when the application quits. */
  readonly appData?: string;
  readonly isDark?: boolean;
  readonly screens?: readonly Rectangle[];
  readonly page?: (double: Double) => DoublePage;
}

const SCREEN: Rectangle = { x: 0, y: 0, width: 1920, height: 1080 };

/** Electron's main process as far as the shell uses it, throwing where Electron throws. */
export function openDouble({
  fork,
  isFirst = true,
  pictures = '/nowhere',
  appData: givenAppData,
  isDark = true,
  screens = [SCREEN],
  page,
}: DoubleOptions): Double {
  const appData = givenAppData ?? mkdtempSync(join(tmpdir(), 'attune-double-'));
  const app = new EventEmitter();
  const ipc = new EventEmitter();
  const invokes = new Map<string, (event: IpcMainInvokeEvent, ...given: unknown[]) => unknown>();
  let isReady = false;
  let hasQuit = false;
  let handler: ((request: { readonly url: string }) => Response | Promise<Response>) | undefined;
  const windows: DoubleWindow[] = [];
  const needsReady = (what: string) => {
    if (!isReady) throw new Error(`${what} can only be used after the app is ready`);
  };

  const createWindow = (options: BrowserWindowConstructorOptions): Window => {
    needsReady('BrowserWindow');
    const events = new EventEmitter();
    const contents = new EventEmitter();
    const mainFrame = { origin: ORIGIN } as WebFrameMain;
    const calls: string[] = [];
    const posted: DoubleWindow['posted'] = [];
    let openHandler: ((details: unknown) => { readonly action: string }) | undefined;
    let shown: DoublePage | undefined;
    const id = windows.length + 1;
    const webContents = Object.assign(contents, {
      id,
      mainFrame,
      isDestroyed: () => false,
      setWindowOpenHandler: (given: typeof openHandler) => {
        openHandler = given;
      },
      postMessage: (channel: string, message: unknown, transfer: MessagePortMain[] = []) => {
        posted.push({ channel, message });
        shown?.deliver(channel, transfer[0] && doubleOf(transfer[0]), message);
      },
    }) as unknown as Contents;
    const window = Object.assign(events, {
      webContents,
      isDestroyed: () => false,
      isMinimized: () => true,
      show: () => void calls.push('show'),
      focus: () => void calls.push('focus'),
      restore: () => void calls.push('restore'),
      maximize: () => void calls.push('maximize'),
      isMaximized: () => opened.isMaximized,
      getNormalBounds: () => opened.bounds,
      async loadURL(url: string) {
        calls.push(url);
        shown = page?.(double);
        await shown?.load(url);
        events.emit('ready-to-show');
      },
    }) as unknown as Window;
    const { x = 0, y = 0, width = 800, height = 600 } = options;
    const opened: DoubleWindow = {
      options,
      window,
      events,
      contents,
      openHandler: () => openHandler,
      calls,
      posted,
      bounds: { x, y, width, height },
      isMaximized: false,
    };
    windows.push(opened);
    app.emit('web-contents-created', {}, webContents);
    return window;
  };

  const eventFrom = ({ id, frame }: Sender = {}) => {
    const own = windows.at(-1)?.window.webContents;
    const sender = id === undefined || id === own?.id ? own : { ...own, id };
    return { sender, senderFrame: frame === undefined ? own?.mainFrame : frame } as unknown as IpcMainInvokeEvent;
  };

  const askUser = async (owner: unknown): Promise<boolean> => {
    double.dialogs.push(owner);
    await double.dialogGate;
    return double.nextPath === undefined;
  };
  const handlers: Partial<Double['session']> = {};
  const keep = (name: keyof Double['session']) => (given: unknown) => {
    handlers[name] = given as Double['session'][typeof name];
  };
  const double: Double = {
    app,
    windows,
    schemes: [],
    errors: [],
    menus: [],
    proposed: [],
    dialogs: [],
    dialogGate: undefined,
    paths: new Map(),
    nextPath: undefined,
    session: handlers as Double['session'],
    hasQuit: () => hasQuit,
    answer: async (url) => {
      if (handler === undefined) throw new Error('nothing answers app://');
      return handler({ url });
    },
    send: (channel, from) => void ipc.emit(channel, eventFrom(from)),
    async invoke(channel, given, from) {
      const found = invokes.get(channel);
      if (found === undefined) throw new Error(`No handler registered for '${channel}'`);
      return found(eventFrom(from), given);
    },
    api: {
      app: Object.assign(app, {
        requestSingleInstanceLock: () => isFirst,
        enableSandbox: () => {
          if (isReady) throw new Error('app.enableSandbox() can only be called before app is ready');
        },
        whenReady: async () => {
          await new Promise((done) => setImmediate(done));
          isReady = true;
        },
        getVersion: () => '0.0.0',
        getPath: (name: string) => {
          const path = double.paths.get(name) ?? { pictures, appData, userData: join(appData, 'attune') }[name];
          if (path === undefined) throw new Error(`Failed to get '${name}' path`);
          return path;
        },
        setPath: (name: string, path: string) => {
          if (!existsSync(path)) throw new Error(`Failed to set path: ${path} does not exist`);
          if (isReady) throw new Error('the session is there already');
          double.paths.set(name, path);
        },
        quit: () => {
          const event = { isStopped: false, preventDefault: () => (event.isStopped = true) };
          app.emit('before-quit', event);
          if (event.isStopped) return;
          hasQuit = true;
          if (givenAppData === undefined) rmSync(appData, { recursive: true, force: true });
        },
      }) as unknown as App,
      protocol: {
        registerSchemesAsPrivileged: (schemes) => {
          if (isReady) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
          double.schemes.push(...schemes);
        },
        handle: (_scheme, given) => {
          needsReady('protocol');
          handler = given as typeof handler;
        },
      },
      session: {
        get defaultSession(): ElectronApi['session']['defaultSession'] {
          needsReady('session');
          return {
            setPermissionRequestHandler: keep('permission'),
            setPermissionCheckHandler: keep('check'),
            setDevicePermissionHandler: keep('device'),
            webRequest: { onBeforeRequest: keep('request') as never },
          };
        },
      },
      ipcMain: {
        on: (channel: string, listener: (...given: never[]) => void) => ipc.on(channel, listener as never) as never,
        handle: (channel, listener) => {
          if (invokes.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
          invokes.set(channel, listener);
        },
      },
      dialog: {
        showOpenDialog: async (owner) => ({ canceled: await askUser(owner), filePaths: [double.nextPath ?? ''] }),
        showSaveDialog: async (owner, { defaultPath = '' }) => {
          double.proposed.push(defaultPath);
          return { canceled: await askUser(owner), filePath: double.nextPath ?? '' };
        },
        showErrorBox: (_title, content) => void double.errors.push(content),
      },
      nativeTheme: { shouldUseDarkColors: isDark },
      get screen(): ElectronApi['screen'] {
        needsReady('screen');
        return { getAllDisplays: () => screens.map((workArea) => ({ workArea })) as Display[] };
      },
      utilityProcess: { fork: (path, args = [], options = {}) => fork(path, args, options) },
      createChannel: () => doubleChannel(),
      createWindow,
      setMenu: (template) => void double.menus.push(template),
    },
  };
  return double;
}

import type * as Electron from 'electron';

/** The parts of Electron that the shell uses, so that the whole shell runs on a stand-in where Electron's program cannot be had. */
export interface ElectronApi {
  readonly app: Pick<
    Electron.App,
    'requestSingleInstanceLock' | 'whenReady' | 'quit' | 'on' | 'getVersion' | 'getPath' | 'setPath' | 'enableSandbox'
  >;
  readonly protocol: Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'>;
  readonly session: {
    readonly defaultSession: Pick<
      Electron.Session,
      'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
    > & { readonly webRequest: Pick<Electron.WebRequest, 'onBeforeRequest'> };
  };
  readonly ipcMain: Pick<Electron.IpcMain, 'on' | 'handle'>;
  readonly dialog: Pick<Electron.Dialog, 'showErrorBox'> & {
    showOpenDialog(owner: Window, options: Electron.OpenDialogOptions): Promise<Electron.OpenDialogReturnValue>;
    showSaveDialog(owner: Window, options: Electron.SaveDialogOptions): Promise<Electron.SaveDialogReturnValue>;
  };
  readonly nativeTheme: Pick<Electron.NativeTheme, 'shouldUseDarkColors'>;
  readonly screen: Pick<Electron.Screen, 'getAllDisplays'>;
  readonly utilityProcess: { fork(path: string, args?: string[], options?: Electron.ForkOptions): ChildProcess };
  readonly createChannel: () => Electron.MessageChannelMain;
  readonly createWindow: (options: Electron.BrowserWindowConstructorOptions) => Window;
  readonly setMenu: (template: Electron.MenuItemConstructorOptions[] | null) => void;
}

export type ChildProcess = Pick<Electron.UtilityProcess, 'postMessage' | 'kill' | 'on' | 'once' | 'stdout'>;

export type Window = Pick<
  Electron.BrowserWindow,
  | 'loadURL'
  | 'show'
  | 'focus'
  | 'restore'
  | 'maximize'
  | 'isMinimized'
  | 'isMaximized'
  | 'isDestroyed'
  | 'getNormalBounds'
  | 'on'
  | 'once'
> & { readonly webContents: Contents };

export type Contents = Pick<
  Electron.WebContents,
  'id' | 'on' | 'setWindowOpenHandler' | 'postMessage' | 'mainFrame' | 'isDestroyed'
>;

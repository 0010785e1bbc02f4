import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ElectronApi, Window } from './api.ts';
import { editorFiles } from './editor-files.ts';
import { guardCertificates, guardContents, guardSession, SCHEME } from './guards.ts';
import { answerPage } from './ipc.ts';
import { menuFor } from './menu.ts';
import { openPictures, picturesIn } from './pictures.ts';
import { startProcesses } from './processes.ts';
import { bringForward, openWindow } from './window.ts';

/** Where the parts of the application lie. */
export interface ShellPlaces {
  /** The folder of the built editor. */
  readonly editor: string;
  readonly preload: string;
  readonly serviceFile: string;
  readonly runnerFile: string;
  /** The checkpoints that ship with Attune. */
  readonly embedded: string;
  /** The picture of an empty editor. */
  readonly sample: string;
}

/** How the application was started. */
export interface ShellStart {
  readonly platform: NodeJS.Platform;
  readonly argv: readonly string[];
  /** What relative paths in `argv` are relative to. */
  readonly folder: string;
}

/** The desktop application: one instance, one window, and the processes behind it. */
export async function runShell(
  api: ElectronApi,
  places: ShellPlaces,
  { platform, argv, folder }: ShellStart,
): Promise<void> {
  const { app, protocol, dialog } = api;
  const own = ownFolder(app.getPath('appData'), platform);
  app.setPath('userData', own);
  let window: Window | undefined;
  // The window that is open already shows itself instead.
  if (!app.requestSingleInstanceLock()) return app.quit();
  app.enableSandbox();
  guardCertificates(api);
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);
  const pictures = openPictures((sentence) => dialog.showErrorBox('Attune', sentence));
  pictures.open(picturesIn(argv.slice(1), folder));
  // macOS gives files this way, also before anything is ready.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    pictures.open(picturesIn([path], folder));
    if (window !== undefined) bringForward(window);
  });
  // Every page there ever is, not only the one that is opened here.
  app.on('web-contents-created', (_event, contents) => guardContents(contents));
  await app.whenReady();

  guardSession(api);
  api.setMenu(menuFor(platform));
  protocol.handle(SCHEME, await editorFiles(places.editor));
  const processes = startProcesses({
    api,
    serviceFile: places.serviceFile,
    runnerFile: places.runnerFile,
    setup: {
      version: app.getVersion(),
      embedded: places.embedded,
      sample: places.sample,
      outputs: join(app.getPath('pictures'), 'Attune'),
    },
    onFailed(sentence) {
      dialog.showErrorBox('Attune', sentence);
      app.quit();
    },
  });

  const open = () => {
    const opened = openWindow(api, {
      preload: places.preload,
      folder: own,
      onPageGone(isLast) {
        pictures.listen(undefined);
        if (!isLast) return;
        dialog.showErrorBox(
          'Attune',
          'The editor ended three times in five minutes. Your work is kept; start Attune again.',
        );
        app.quit();
      },
    });
    opened.on('closed', () => {
      if (window !== opened) return;
      window = undefined;
      pictures.listen(undefined);
    });
    window = opened;
  };
  answerPage({ api, processes, pictures, window: () => window });
  app.on('second-instance', (_event, words, from) => {
    pictures.open(picturesIn(words.slice(1), from));
    if (window === undefined) open();
    else bringForward(window);
  });
  app.on('activate', () => {
    if (window === undefined) open();
  });
  app.on('window-all-closed', () => {
    if (platform !== 'darwin') app.quit();
  });
  let isClosed = false;
  app.on('before-quit', (event) => {
    if (isClosed) return;
    // What is running is written down before everything ends.
    event.preventDefault();
    void processes.close().then(() => {
      isClosed = true;
      app.quit();
    });
  });
  open();
}

/** Chromium's own files, apart from the settings that the command line shares; made here, since Electron takes only what is there. */
function ownFolder(appData: string, platform: NodeJS.Platform): string {
  const folder = join(appData, platform === 'linux' ? 'attune' : 'Attune', 'shell');
  mkdirSync(folder, { recursive: true });
  return folder;
}

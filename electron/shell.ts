import { join } from 'node:path';
import type { ElectronApi, Window } from './api.ts';
import { editorFiles } from './editor-files.ts';
import { guardContents, guardSession, SCHEME } from './guards.ts';
import { answerPage } from './ipc.ts';
import { menuFor } from './menu.ts';
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

/** The desktop application: one instance, one window, and the processes behind it. */
export async function runShell(
  api: ElectronApi,
  places: ShellPlaces,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  const { app, protocol, dialog } = api;
  // The window that is open already shows itself instead.
  if (!app.requestSingleInstanceLock()) return app.quit();
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);
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

  let window: Window | undefined;
  const open = () => {
    const opened = openWindow(api, places.preload);
    opened.on('closed', () => {
      if (window === opened) window = undefined;
    });
    window = opened;
  };
  answerPage({ api, processes, contents: () => window?.webContents });
  app.on('second-instance', () => (window === undefined ? open() : bringForward(window)));
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

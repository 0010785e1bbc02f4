import { randomUUID } from 'node:crypto';
import { basename, extname } from 'node:path';
import type { IpcMainEvent, IpcMainInvokeEvent } from 'electron';
import type { Granted } from '../contract/index.ts';
import type { ElectronApi, Window } from './api.ts';
import { ORIGIN } from './guards.ts';
import type { Pictures } from './pictures.ts';
import type { Processes } from './processes.ts';

export interface IpcOptions {
  readonly api: ElectronApi;
  readonly processes: Processes;
  readonly pictures: Pictures;
  /** The editor's window, while there is one. */
  readonly window: () => Window | undefined;
}

/** Longest name that is proposed in a dialog. */
const MAX_NAME = 255;

/** The four things that the page may ask of this process. Whoever is not the main frame of the editor's window gets no answer. */
export function answerPage({ api, processes, pictures, window }: IpcOptions): void {
  /** The window, where the message is of its page. */
  const editorOf = ({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent): Window | undefined => {
    const own = window();
    if (own === undefined || sender.id !== own.webContents.id || senderFrame === null) return undefined;
    return senderFrame === own.webContents.mainFrame && senderFrame.origin === ORIGIN ? own : undefined;
  };
  let isChoosing = false;
  /** One dialog at a time: a page that asks for a hundred must not cover the screen. */
  const choose = async (ask: () => Promise<string | undefined>): Promise<Granted | null> => {
    if (isChoosing) return null;
    isChoosing = true;
    try {
      const path = await ask();
      if (path === undefined || path === '') return null;
      const grant = randomUUID();
      await processes.grant(grant, path);
      return { grant, name: basename(path) };
    } catch (error) {
      // An error that goes to the page arrives there with Electron's own words around it.
      api.dialog.showErrorBox('Attune', error instanceof Error ? error.message : String(error));
      return null;
    } finally {
      isChoosing = false;
    }
  };
  api.ipcMain.on('attune:connect', (event) => {
    if (editorOf(event) === undefined) return;
    const { port1, port2 } = api.createChannel();
    processes.connect(port1);
    event.sender.postMessage('attune:port', null, [port2]);
  });
  api.ipcMain.on('attune:openWith', (event) => {
    const own = editorOf(event);
    if (own === undefined) return;
    pictures.listen((picture) => {
      if (!own.isDestroyed()) own.webContents.postMessage('attune:picture', picture);
    });
  });
  api.ipcMain.handle('attune:chooseFolder', (event) => {
    const own = editorOf(event);
    if (own === undefined) throw new Error('refused');
    return choose(async () => {
      const { filePaths, canceled } = await api.dialog.showOpenDialog(own, { properties: ['openDirectory'] });
      return canceled ? undefined : filePaths[0];
    });
  });
  api.ipcMain.handle('attune:chooseSave', (event, name: unknown) => {
    const own = editorOf(event);
    if (own === undefined) throw new Error('refused');
    const proposed = bareName(name);
    // The dialog adds the ending where the user types none.
    const ending = extname(proposed).slice(1);
    return choose(async () => {
      const { filePath, canceled } = await api.dialog.showSaveDialog(own, {
        defaultPath: proposed,
        ...(/^[a-z0-9]+$/i.test(ending) && { filters: [{ name: ending.toUpperCase(), extensions: [ending] }] }),
      });
      return canceled ? undefined : filePath;
    });
  });
}

/** Only a name: what the page proposes must not lead anywhere. */
function bareName(name: unknown): string {
  if (typeof name !== 'string') return 'result.png';
  // Neither folders nor a drive, and nothing that a dialog would not show.
  const bare = basename(name.replaceAll('\\', '/'))
    .replace(/[\p{Cc}:]/gu, '')
    .slice(0, MAX_NAME);
  return /^\.*$/.test(bare) ? 'result.png' : bare;
}

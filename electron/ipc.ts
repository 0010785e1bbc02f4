import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import type { IpcMainEvent, IpcMainInvokeEvent } from 'electron';
import type { Granted } from '../contract/index.ts';
import type { Contents, ElectronApi } from './api.ts';
import { ORIGIN } from './guards.ts';
import type { Processes } from './processes.ts';

export interface IpcOptions {
  readonly api: ElectronApi;
  readonly processes: Processes;
  /** The editor's window, while there is one. */
  readonly contents: () => Contents | undefined;
}

/** Longest name that is proposed in a dialog. */
const MAX_NAME = 255;

/** The three things that the page may ask of this process. Whoever is not the main frame of the editor's window gets no answer. */
export function answerPage({ api, processes, contents }: IpcOptions): void {
  const isEditor = ({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent) => {
    const own = contents();
    if (own === undefined || sender.id !== own.id || senderFrame === null) return false;
    return senderFrame === own.mainFrame && senderFrame.origin === ORIGIN;
  };
  const granted = async (path: string | undefined): Promise<Granted | null> => {
    if (path === undefined || path === '') return null;
    const grant = randomUUID();
    await processes.grant(grant, path);
    return { grant, name: basename(path) };
  };
  api.ipcMain.on('attune:connect', (event) => {
    if (!isEditor(event)) return;
    const { port1, port2 } = api.createChannel();
    processes.connect(port1);
    event.sender.postMessage('attune:port', null, [port2]);
  });
  api.ipcMain.handle('attune:chooseFolder', async (event) => {
    if (!isEditor(event)) throw new Error('refused');
    const { filePaths, canceled } = await api.dialog.showOpenDialog({ properties: ['openDirectory'] });
    return granted(canceled ? undefined : filePaths[0]);
  });
  api.ipcMain.handle('attune:chooseSave', async (event, name: unknown) => {
    if (!isEditor(event)) throw new Error('refused');
    // Only a name: what the page proposes must not lead anywhere.
    const proposed = typeof name === 'string' ? basename(name.replaceAll('\\', '/')).slice(0, MAX_NAME) : 'result.png';
    const { filePath, canceled } = await api.dialog.showSaveDialog({ defaultPath: proposed });
    return granted(canceled ? undefined : filePath);
  });
}

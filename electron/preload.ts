import { contextBridge, ipcRenderer } from 'electron';
import type { AttuneShell, OpenedPicture } from '../contract/index.ts';

/** The page's window; no other type of a browser is known to this room. */
declare const window: {
  readonly location: { readonly origin: string };
  postMessage(message: string, origin: string, ports: readonly unknown[]): void;
};

// A port cannot cross the bridge; it comes to the page as a message of its own window.
ipcRenderer.on('attune:port', (event) => window.postMessage('attune:port', window.location.origin, event.ports));

let onPicture: ((picture: OpenedPicture) => void) | undefined;
ipcRenderer.on('attune:picture', (_event, picture: OpenedPicture) => onPicture?.(picture));

const shell: AttuneShell = {
  connect: () => ipcRenderer.send('attune:connect'),
  chooseFolder: () => ipcRenderer.invoke('attune:chooseFolder'),
  chooseSave: (name) => ipcRenderer.invoke('attune:chooseSave', name),
  openWith(listener) {
    onPicture = listener;
    ipcRenderer.send('attune:openWith');
  },
};
contextBridge.exposeInMainWorld('attuneShell', shell);

import type { Contents, ElectronApi } from './api.ts';

/** Where the editor lives; nothing else is ever loaded. */
export const SCHEME = 'app';
export const ORIGIN = `${SCHEME}://attune`;

const isOwn = (url: string) => url === ORIGIN || url.startsWith(`${ORIGIN}/`);

/** Addresses that a page may ask for: the editor's own files and what it made itself. */
const isAllowed = (url: string) =>
  isOwn(url) || url.startsWith('blob:') || url.startsWith('data:') || url.startsWith('devtools:');

/** No permission is given, no device is opened, and no request leaves for the network. */
export function guardSession({ session: { defaultSession } }: ElectronApi): void {
  defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(isHarmless(permission)));
  defaultSession.setPermissionCheckHandler((_contents, permission) => isHarmless(permission));
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isAllowed(url) }));
}

/** Writing text to the clipboard is what "Copy the record" does. */
const isHarmless = (permission: string) => permission === 'clipboard-sanitized-write';

/** Nothing of ours comes over TLS, so no certificate is worth an exception. */
export function guardCertificates({ app }: Pick<ElectronApi, 'app'>): void {
  app.on('certificate-error', (event, _contents, _url, _error, _certificate, answer) => {
    event.preventDefault();
    answer(false);
  });
}

/** The page stays where it is, opens nothing and embeds nothing. */
export function guardContents(contents: Contents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event) => {
    if (!isOwn(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

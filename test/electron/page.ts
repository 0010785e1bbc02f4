import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { ORIGIN } from '../../electron/guards.ts';
import type { Double, DoublePage } from './double.ts';

/** Where the page of the stand-in lies; Chromium has no `app://` of ours. */
export const PLACE = 'http://attune.localhost';

/** Bytes within JSON, for what goes through Playwright. */
const pack = (message: unknown): string =>
  JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('base64') } : value,
  );
const unpack = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && '$bytes' in value
      ? new Uint8Array(Buffer.from(String(value.$bytes), 'base64'))
      : value,
  );

/** What Electron gives to a preload script, for the built script to run on; without the wall between its world and the page's. */
const bridge = (preload: string) => `(() => {
  const pack = (message) => JSON.stringify(message, (key, value) => {
    if (!(value instanceof Uint8Array)) return value;
    let text = '';
    for (let at = 0; at < value.length; at += 32768) text += String.fromCharCode(...value.subarray(at, at + 32768));
    return { $bytes: btoa(text) };
  });
  const unpack = (text) => JSON.parse(text, (key, value) =>
    value !== null && typeof value === 'object' && '$bytes' in value
      ? Uint8Array.from(atob(value.$bytes), (letter) => letter.charCodeAt(0))
      : value);
  const listeners = new Map();
  const ports = new Map();
  window.electronDouble = {
    deliver(channel, id, message) {
      const moved = [];
      if (id !== null) {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => window.electronPort(id, pack(data));
        ports.set(id, port1);
        moved.push(port2);
      }
      for (const listener of listeners.get(channel) ?? []) listener({ ports: moved }, unpack(message));
    },
    message: (id, text) => ports.get(id)?.postMessage(unpack(text)),
    closed: (id) => ports.get(id)?.close(),
  };
  const electron = {
    contextBridge: { exposeInMainWorld: (name, api) => Object.defineProperty(window, name, { value: Object.freeze(api) }) },
    ipcRenderer: {
      on: (channel, listener) => listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      send: (channel) => window.electronSend(channel),
      invoke: (channel, given) => window.electronInvoke(channel, given ?? null),
    },
  };
  const require = (name) => { if (name !== 'electron') throw new Error(name + ' is not there for a sandboxed script'); return electron; };
  ((require) => {
${preload}
  })(require);
})()`;

/** Shows the shell's window as a page of Chromium, with the real preload script and the shell's own answers to `app://`. */
export async function showIn(page: Page, double: () => Double, preloadFile: string): Promise<DoublePage> {
  const ports = new Map<number, Parameters<DoublePage['deliver']>[1]>();
  let lastId = 0;
  const inPage = (code: string) => page.evaluate(code).catch(() => {}); // the page may just be going
  await page.exposeFunction('electronSend', (channel: string) => double().send(channel));
  await page.exposeFunction('electronInvoke', (channel: string, given: unknown) => double().invoke(channel, given));
  await page.exposeFunction('electronPort', (id: number, text: string) =>
    ports.get(id)?.sendFromElsewhere(unpack(text)),
  );
  await page.addInitScript(bridge(await readFile(preloadFile, 'utf8')));
  await page.route(`${PLACE}/**`, async (route) => {
    const answer = await double().answer(route.request().url().replace(PLACE, ORIGIN));
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    });
  });
  return {
    load: async (url) => void (await page.goto(url.replace(ORIGIN, PLACE))),
    deliver(channel, port, message) {
      lastId += 1;
      const id = lastId;
      if (port !== undefined) ports.set(id, port);
      void inPage(
        `electronDouble.deliver(${JSON.stringify(channel)}, ${port === undefined ? null : id}, ${JSON.stringify(pack(message ?? null))})`,
      ).then(() =>
        port?.moveTo({
          deliver: (message) => void inPage(`electronDouble.message(${id}, ${JSON.stringify(pack(message))})`),
          closed: () => void inPage(`electronDouble.closed(${id})`),
        }),
      );
    },
  };
}

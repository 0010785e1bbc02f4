import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { MessagePortMain } from 'electron';
import type { Page } from 'playwright-core';
import { buildShell } from '../../cli/buildshell.ts';
import { builtEditor } from '../../cli/editor.ts';
import type { DeskEvent } from '../../contract/index.ts';
import type { ChildProcess } from '../../electron/api.ts';
import type { ToService } from '../../electron/messages.ts';
import { portOf } from '../../electron/processes/port.ts';
import { runShell, type ShellPlaces, type ShellStart } from '../../electron/shell.ts';
import type { Service } from '../../service/index.ts';
import { type Client, hostCalls, openClient } from '../../transport/index.ts';
import { type Double, type DoubleOptions, openDouble } from './double.ts';
import { showIn } from './page.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The parts where a checkout has them; processes from their sources. */
export async function placesHere(): Promise<ShellPlaces> {
  const editor = await builtEditor();
  await buildShell();
  return {
    editor,
    preload: join(ROOT, 'dist', 'electron', 'preload.cjs'),
    serviceFile: join(ROOT, 'electron', 'processes', 'service.ts'),
    runnerFile: join(ROOT, 'electron', 'processes', 'runner.ts'),
    embedded: join(ROOT, 'models', 'embedded'),
    sample: join(ROOT, 'cli', 'sample', 'scene.png'),
  };
}

/** As a user starts it from a menu. */
const STARTED: ShellStart = { platform: process.platform, argv: ['attune'], folder: ROOT };

/** The real shell on the stand-in. */
export async function startOnDouble(
  options: DoubleOptions,
  places: ShellPlaces,
  start: Partial<ShellStart> = {},
): Promise<Double> {
  const double = openDouble(options);
  await runShell(double.api, places, { ...STARTED, ...start });
  return double;
}

/** The same with its window in Chromium. */
export async function startInChromium(
  page: Page,
  fork: DoubleOptions['fork'],
  places: ShellPlaces,
  options: Partial<DoubleOptions> = {},
): Promise<Double> {
  let double: Double | undefined;
  const now = () => {
    if (double === undefined) throw new Error('the shell is not there yet');
    return double;
  };
  const shown = await showIn(page, now, places.preload);
  double = openDouble({ fork, page: () => shown, ...options });
  await runShell(double.api, places, STARTED);
  return double;
}

/** A connection as the preload script gets one, without a page. */
export async function connectOn(double: Double): Promise<{ readonly client: Client; readonly events: DeskEvent[] }> {
  const contents = double.windows.at(-1)?.window.webContents as { postMessage: unknown } | undefined;
  if (contents === undefined) throw new Error('there is no window');
  const arrived = new Promise<MessagePortMain>((resolve) => {
    contents.postMessage = (_channel: string, _message: unknown, [port]: MessagePortMain[]) => port && resolve(port);
  });
  double.send('attune:connect');
  const client = openClient(portOf(await arrived));
  const events: DeskEvent[] = [];
  client.onEvent((event) => events.push(event));
  return { client, events };
}

/** A service of this process where the shell starts one of its own: for tests that look behind the editor. */
export function serviceProcessOf(service: Service): ChildProcess {
  const events = new EventEmitter();
  return Object.assign(events as unknown as ChildProcess, {
    kill: () => events.emit('exit', 0),
    postMessage(given: unknown, [port]: MessagePortMain[] = []) {
      const message = given as ToService; // of the shell
      const { handlers, subscribe, explain } = service;
      if (message.kind === 'editor' && port !== undefined)
        hostCalls(portOf(port), { handlers, subscribe, explain, isShell: true });
      if (message.kind === 'grant') {
        service.grant(message.grant, message.path);
        setImmediate(() => events.emit('message', { kind: 'granted', grant: message.grant }));
      }
      if (message.kind === 'close') setImmediate(() => events.emit('message', { kind: 'closed' }));
    },
  });
}

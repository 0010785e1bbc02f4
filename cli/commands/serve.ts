import { join } from 'node:path';
import { homeOf } from '../../native/home.ts';
import { EMBEDDED, VERSION } from '../../native/package.ts';
import type { OpenServer } from '../../service/http/index.ts';
import { openBrowser } from '../browser.ts';
import type { Command, Outcome } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { builtEditor } from '../editor.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Values } from '../options.ts';
import { orderServed } from '../served.ts';

const DEFAULT_PORT = 7860;

export const serve: Command = {
  name: 'serve',
  summary: 'serve the editor to a browser on this computer, until Ctrl-C',
  arguments: [],
  options: [
    {
      name: 'port',
      type: 'text',
      value: 'N',
      summary: `port to listen on (${DEFAULT_PORT}); 0 takes any that is free`,
    },
    {
      name: 'host',
      type: 'text',
      value: 'ADDRESS',
      summary: 'address to listen on (127.0.0.1: nobody else can reach it)',
    },
    {
      name: 'host-name',
      type: 'list',
      value: '[https://]NAME[:PORT]',
      summary: 'a name by which browsers call this computer; may be given again',
    },
    {
      name: 'base-path',
      type: 'text',
      value: 'PATH',
      summary: 'path below which a proxy shows the editor, as /attune',
    },
    { name: 'open', type: 'flag', summary: 'open the editor in your browser' },
    {
      name: 'address',
      type: 'flag',
      summary: 'print a new address of the editor that is being served, for one browser',
    },
    { name: 'stop', type: 'flag', summary: 'end the one that is being served' },
    ...COMMON_OPTIONS,
  ],
  examples: [
    'attune serve --open',
    'attune serve --host 0.0.0.0 --host-name gpu.example.org',
    'attune serve --host-name https://gpu.example.org --base-path /attune',
    'attune serve --address',
  ],
  run: (values, host) =>
    values.has('address') || values.has('stop') ? orderServed(values, host) : serveUntilEnd(values, host),
};

async function serveUntilEnd(values: Values, host: Host): Promise<Outcome> {
  const port = values.integer('port', 0, 65_535) ?? DEFAULT_PORT;
  const names = values.list('host-name').map(nameOf);
  const address = values.text('host');
  const startMs = host.now();
  const say = (line: string) => {
    if (!values.has('quiet')) host.writeErr(`attune: ${line}\n`);
  };
  const editor = await builtEditor(say);
  // Loaded now: the help of the other commands must not wait for a database and a server.
  const [{ forkRunner, occupy, openService }, { openServer }] = await Promise.all([
    import('../../service/index.ts'),
    import('../../service/http/index.ts'),
  ]);
  const home = homeOf(host.env);
  const service = await openService({
    folders: host.folders,
    version: VERSION,
    embedded: EMBEDDED,
    env: host.env,
    home,
    outputs: join(home, 'Pictures', 'Attune'),
    startRunner: () => forkRunner({ env: host.env }),
  });
  const stop = new AbortController();
  let server: OpenServer | undefined;
  try {
    server = await openServer({
      service,
      editor,
      port,
      names,
      base: values.text('base-path') ?? '',
      onStop: () => stop.abort(),
      ...(address !== undefined && { host: address }),
    });
    occupy(host.folders.state, { address: server.page, door: server.door });
    await announce(server, values, host);
    say('the address lets one browser in; "attune serve --address" prints one for another');
    await ended(AbortSignal.any([host.signal, stop.signal]));
  } finally {
    await server?.close();
    await service.close();
  }
  return {
    ok: true,
    outputs: [],
    figures: { elapsedMs: host.now() - startMs },
    lines: [],
    details: { port: server.port },
  };
}

/** Says where the editor is; with --json on standard error, since the object comes at the end. */
async function announce(server: OpenServer, values: Values, host: Host): Promise<void> {
  if (server.warning !== undefined) host.writeErr(`attune: ${server.warning}\n`);
  const line = `Attune is at ${server.newAddress('printed')}\n`;
  if (values.has('json')) host.writeErr(line);
  else await host.writeOut(line);
  if (!values.has('open') || (await openBrowser(server.newAddress('argument'), host.env))) return;
  host.writeErr('attune: there is no browser to open here; open the address yourself.\n');
}

/** A name as browsers write it into the Host header, and `https://` before it as it was given. */
function nameOf(text: string): string {
  const name = text.toLowerCase().replace(/\/$/, '');
  if (/^(https:\/\/)?([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/.test(name)) return name;
  throw new UsageError(
    `--host-name takes a name such as gpu.example.org or gpu.example.org:8080, with https:// before it where a proxy speaks TLS, not "${text}".`,
  );
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readMetadata } from '../../engine/index.ts';

/** The program as a user starts it, on the embedded checkpoint. */
const PROGRAM = fileURLToPath(new URL('../attune.mjs', import.meta.url));
let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-batch-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Ends it with SIGKILL once `killAt` pictures lie in `out`. */
async function attune(
  argv: readonly string[],
  killAt?: { readonly out: string; readonly pictures: number },
  cwd = folder,
) {
  // The file behind the launcher, so that the kill reaches the process that works.
  const env = { ...process.env, XDG_STATE_HOME: at('state'), HF_HUB_CACHE: at('hub') };
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const child = spawn(process.execPath, [killAt ? main : PROGRAM, ...argv], { env, cwd, stdio: 'pipe' });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
  });
  const watch =
    killAt &&
    setInterval(async () => {
      const names = await readdir(killAt.out).catch(() => []);
      if (names.filter((name) => name.endsWith('.png')).length >= killAt.pictures) child.kill('SIGKILL');
    }, 5);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  clearInterval(watch);
  return { code, out, err };
}

const filesOf = async (name: string) =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(at(name)))
        .filter((file) => file !== 'batch.jsonl')
        .map(async (file) => [file, (await readFile(join(at(name), file))).toString('base64')]),
    ),
  );

it('says once, with its rows, what results have to say', async () => {
  await writeFile(
    at('unread.csv'),
    'prompt,negative,guidance\na red apple,sand,1\na blue apple,sand,2\na cat,sand,1\n',
  );
  const made = await attune(['batch', 'unread.csv', '-o', 'unread', '--seed', '3', '--steps', '1', '--quiet']);
  expect(made.code, made.err).toBe(0);
  expect(made.out).toMatch(/rows 1, 3: The negative prompt was not read/);
});

it('generates, edits what it made, lists a failed row and tries it again', async () => {
  await writeFile(at('jobs.csv'), 'prompt,seed\n"a {red|green} apple, on grass",5\na blue cat,\n');
  const made = await attune(['batch', 'jobs.csv', '-o', 'made', '--seed', '3', '--steps', '2', '--json']);
  expect(made.code, made.err).toBe(0);
  expect(made.err).toContain('job 1 of 2');
  expect(JSON.parse(made.out)).toMatchObject({
    ok: true,
    figures: { total: 2, done: 2, failed: 0 },
    outputs: [{ width: 128 }, {}],
  });
  const record = readMetadata(await readFile(at('made/00001-5.png'))).record;
  expect(record?.request.prompt).toMatch(/^a (red|green) apple, on grass$/);

  await mkdir(at('in'));
  await writeFile(at('in/good.png'), await readFile(at('made/00001-5.png')));
  await writeFile(at('in/bad.png'), 'no picture');
  const argv = [
    'batch',
    'in',
    '-o',
    'edited',
    '--from',
    'a red apple',
    '--to',
    'a green apple',
    '--steps',
    '2',
    '--format',
    'avif',
    '--quiet',
  ];
  const edited = await attune(argv);
  expect(edited.code).toBe(1);
  expect(edited.err).toMatch(/job 1 of 2 failed: .*bad\.png/);
  const [file = ''] = (await readdir(at('edited'))).filter((name) => name.endsWith('.avif'));
  expect(file).toMatch(/^good-\d+\.avif$/);
  expect(readMetadata(await readFile(join(at('edited'), file))).record?.request.source?.name).toBe('good.png');
  expect((await readFile(at('edited/manifest.csv'))).toString()).toContain('failed');
  expect((await attune([...argv, '--resume'])).code).toBe(1);
  // The journal knows the rest, wherever the command runs.
  const alone = await attune(['batch', '--resume', '-o', at('edited'), '--quiet'], undefined, tmpdir());
  expect([alone.code, alone.err]).toEqual([1, expect.stringMatching(/job 1 of 2 failed: .*bad\.png/)]);
  await writeFile(at('in/bad.png'), await readFile(at('in/good.png')));
  expect((await attune(['batch', '--resume', '-o', 'edited', '--quiet'])).err).toMatch(/bad\.png was changed since/);
});

it('goes on with nothing else given, or says what it lacks', async () => {
  const other = await attune(['batch', '--resume', '-o', 'nothing']);
  expect([other.code, other.err]).toEqual([1, expect.stringMatching(/nothing holds no batch to go on with/)]);
  expect((await attune(['batch', '--resume', '-o', 'made', '--steps', '9'])).err).toMatch(
    /--steps would change the batch, which goes on as it began/,
  );
  const journal = (await readFile(at('made/batch.jsonl'))).toString().split('\n');
  const { origin: _origin, ...older } = JSON.parse(journal[0] ?? '');
  await mkdir(at('older'));
  await writeFile(at('older/batch.jsonl'), [JSON.stringify(older), ...journal.slice(1)].join('\n'));
  expect((await attune(['batch', '--resume', '-o', 'older'])).err).toMatch(/does not say what the batch began with/);
});

it('names what it passes over in a folder, and a folder without pictures', async () => {
  await mkdir(at('mixed/x.png'), { recursive: true });
  await writeFile(at('mixed/a.jfif'), await readFile(new URL('../../test/madeby/photo.jfif', import.meta.url)));
  for (let index = 0; index < 12; index++) await writeFile(at(`mixed/photo ${index}.heic`), 'x');
  const argv = ['--to', 'a red apple', '--from', 'an apple', '--dry-run', '-o', 'm'];
  const said = await attune(['batch', 'mixed', ...argv]);
  expect([said.code, said.out]).toEqual([0, expect.stringMatching(/^1 jobs?\n {2}a-/)]);
  expect(said.err).toMatch(/In mixed 13 entries are passed over.*: photo 0\.heic, photo 1\.heic, .* and 3 more\.\n$/);
  await mkdir(at('none'));
  await writeFile(at('none/photo.heic'), 'x');
  expect((await attune(['batch', 'none', ...argv])).err).toMatch(
    /none holds no pictures that are taken\. In none 1 entry is passed over.*photo\.heic/,
  );
});

it('refuses wrong tables before anything runs', async () => {
  await writeFile(at('wrong.csv'), 'source,steps\nnowhere.png,3\n');
  expect((await attune(['batch', 'wrong.csv', '-o', 'w'])).err).toMatch(
    /wrong\.csv, row 1, source: .*nowhere\.png does not exist/,
  );
  await writeFile(at('wrong2.csv'), 'prompt,stesp\na,3\n');
  const said = await attune(['batch', 'wrong2.csv', '-o', 'w']);
  expect([said.code, said.err]).toEqual([2, expect.stringMatching(/Row 1, stesp: .*Did you mean steps/)]);
});

it('equals an undisturbed run after three kills', async () => {
  await writeFile(
    at('eight.txt'),
    Array.from({ length: 8 }, (_, index) => `a {red|blue|green} apple ${index}`).join('\n'),
  );
  const argv = (out: string) => ['batch', 'eight.txt', '-o', out, '--seed', '11', '--steps', '2', '--quiet'];
  expect((await attune(argv('whole'))).code).toBe(0);
  for (const [attempt, pictures] of [2, 4, 6].entries()) {
    const resumed = ['batch', '--resume', '-o', 'killed', '--quiet'];
    const killed = await attune(attempt === 2 ? resumed : [...argv('killed'), ...(attempt > 0 ? ['--resume'] : [])], {
      out: at('killed'),
      pictures,
    });
    expect(killed.code, killed.err).toBe(null);
  }
  expect((await attune(argv('killed'))).err).toContain('--resume');
  expect((await attune([...argv('killed'), '--resume'])).code).toBe(0);
  expect(await filesOf('killed')).toEqual(await filesOf('whole'));
});

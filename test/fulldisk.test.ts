import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EditRequest } from '../contract/index.ts';
import { AttuneError } from '../engine/index.ts';
import { findFfmpeg } from '../native/ffmpeg.ts';
import { stageFile } from '../native/files.ts';
import { openFilm } from '../native/filmwriter.ts';
import { openImageCodec } from '../native/images.ts';
import { killOptions } from '../service/batch/kill-job.ts';
import { runBatch } from '../service/batch/run.ts';
import { openTestDesk, type TestDesk } from '../service/testdesk.ts';

/** A small disk of its own, really full. */
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const SIZE_MIB = 24;
let disk: string;
let isMounted = false;
if (isRoot) {
  try {
    disk = mkdtempSync(join(tmpdir(), 'attune-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', disk], { stdio: 'ignore' });
    isMounted = true;
  } catch {
    // A container may forbid it.
  }
}
if (!isMounted) console.warn('no small disk can be mounted here: full disks are not tested');
afterAll(() => {
  if (!isMounted) return;
  execFileSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

const filler = () => join(disk, 'filler');

/** Takes all the room there is, to the last byte. */
function fill(): void {
  const file = openSync(filler(), 'a');
  for (const size of [1 << 20, 4096, 64, 1])
    for (;;)
      try {
        if (writeSync(file, Buffer.alloc(size, 1)) < size) break;
      } catch {
        break;
      }
  closeSync(file);
}
const makeRoom = () => rm(filler(), { force: true });

const sentenceOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it was taken',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

const FULL = /the disk is full; make room/;

describe.skipIf(!isMounted)('on a full disk', () => {
  afterEach(makeRoom);

  describe('the service', () => {
    let desk: TestDesk;
    beforeAll(async () => {
      desk = await openTestDesk(join(disk, 'home'));
    });
    afterAll(async () => {
      await makeRoom();
      await desk.remove();
    });
    const request: EditRequest = {
      method: 'generate',
      checkpoint: 'embedded/image',
      prompt: 'a cat',
      seed: 3,
      steps: 8,
    };

    it('says so for jobs, journal and pictures, keeps a result that comes meanwhile, and goes on when there is room', async () => {
      const { client, events } = desk;
      await client.call('hello', {}); // an editor is open
      const { job } = await client.call('jobs.submit', { request });
      await expect
        .poll(() => events.some((event) => event.kind === 'run' && event.job === job), { timeout: 60_000 })
        .toBe(true);
      fill();
      const entry = new Uint8Array(2 << 20);
      expect(await sentenceOf(client.call('journal.append', { entries: [entry] }))).toMatch(FULL);
      expect(await sentenceOf(client.call('journal.replace', { entries: [entry] }))).toMatch(FULL);
      const large = { ...request, prompt: 'x'.repeat(19_000) };
      expect(await sentenceOf(client.call('jobs.submit', { request: large }))).toMatch(FULL);
      const pixels = {
        width: 512,
        height: 512,
        channels: 3 as const,
        data: new Uint8Array(512 * 512 * 3).map((_, at) => (at * 7919) % 251),
      };
      expect(await sentenceOf(client.call('media.putPixels', { name: 'a.png', pixels }))).toMatch(FULL);
      await expect
        .poll(() => events.filter(({ kind }) => kind === 'disk'), { timeout: 60_000 })
        .toMatchObject([{ state: 'failing', sentence: expect.stringMatching(/disk is full.*The result waits/s) }]);
      // The window still gets its answers.
      expect((await client.call('hello', {})).queue.jobs).toMatchObject([{ job, state: 'running' }]);
      await makeRoom();
      await expect
        .poll(() => events.some((event) => event.kind === 'result' && event.entry.id === job), { timeout: 60_000 })
        .toBe(true);
      expect(events.filter(({ kind }) => kind === 'disk').at(-1)).toMatchObject({ state: 'sound' });
      await client.call('journal.append', { entries: [new Uint8Array([1])] });
      expect((await client.call('journal.read', {})).entries).toEqual([new Uint8Array([1])]);
      const { entries } = await client.call('history.list', { limit: 5 });
      expect(entries.map(({ id }) => id)).toEqual([job]);
    });

    it('says so for an export, leaves no half file, and exports when there is room', async () => {
      const { client, service } = desk;
      const { entries } = await client.call('history.list', { limit: 1 });
      const id = entries[0]?.id ?? '';
      const path = join(disk, 'export.png');
      const save = (grant: string) => {
        service.grant(grant, path);
        return client.call('export.save', { id, options: { format: 'png', withMetadata: true }, grant });
      };
      fill();
      const before = await readdir(disk);
      expect(await sentenceOf(save('grant-000001'))).toMatch(/export\.png does not fit: the disk is full; make room/);
      expect(await readdir(disk)).toEqual(before);
      await makeRoom();
      await save('grant-000002');
      expect((await readFile(path)).length).toBeGreaterThan(1000);
      await rm(path);
    });
  });

  it('a batch ends with a sentence, and goes on when there is room: every file once', async () => {
    const folder = join(disk, 'batch');
    const codec = openImageCodec();
    const seen: string[] = [];
    const run = (resume: boolean) =>
      runBatch({
        ...killOptions(folder, codec),
        resume,
        onProgress({ status, file }) {
          if (status !== 'done' || file === undefined) return;
          seen.push(file);
          if (seen.length === 4) fill();
        },
      });
    expect(await sentenceOf(run(false))).toMatch(FULL);
    expect(seen).toHaveLength(4);
    await makeRoom();
    expect(await run(true)).toMatchObject({ state: 'finished', done: 12, failed: 0 });
    expect(new Set(seen).size).toBe(12);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('a result of the command line is refused with a sentence and leaves nothing', async () => {
    fill();
    const before = await readdir(disk);
    expect(await sentenceOf(stageFile(join(disk, 'a.png'), new Uint8Array(100_000), { replace: false }))).toMatch(FULL);
    expect(await readdir(disk)).toEqual(before);
  });

  it.skipIf(findFfmpeg(process.env) === undefined)(
    'a film is refused with a sentence, leaves nothing, and is made when there is room',
    async () => {
      const frame = (seed: number) => {
        const data = new Uint8Array(256 * 256 * 3);
        for (let at = 0, state = seed; at < data.length; at += 1) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          data[at] = state >>> 24;
        }
        return { width: 256, height: 256, channels: 3 as const, data };
      };
      const path = join(disk, 'clip.mp4');
      const film = async (env: NodeJS.ProcessEnv) => {
        const writer = openFilm(path, { format: 'mp4', fps: 24, env });
        try {
          for (let at = 0; at < 48; at += 1) await writer.write(frame(at));
          await writer.finish(undefined);
        } finally {
          await writer.abort();
        }
      };
      fill();
      const before = await readdir(disk);
      const error = await film(process.env).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(AttuneError);
      expect(String((error as Error).message)).toMatch(/clip\.mp4.*(disk is full|No space left)/s);
      expect(await readdir(disk)).toEqual(before);
      await makeRoom();
      await film(process.env);
      expect((await readFile(path)).length).toBeGreaterThan(10_000);
    },
  );
});

import { readdir, readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import type { EditRequest } from '../contract/index.ts';
import { openTestDesk, type TestDesk } from './testdesk.ts';

const desks: TestDesk[] = [];
const open = async (home?: string) => {
  const desk = await openTestDesk(home);
  desks.push(desk);
  return desk;
};
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.remove();
});

const small: EditRequest = {
  method: 'generate',
  checkpoint: 'embedded/image',
  prompt: 'a red apple on grass',
  seed: 3,
  steps: 4,
};

const resultOf = async ({ events }: TestDesk, job: string) => {
  await expect
    .poll(() => events.some((event) => event.kind === 'result' && event.entry.id === job), { timeout: 60_000 })
    .toBe(true);
  const found = events.find((event) => event.kind === 'result' && event.entry.id === job);
  if (found?.kind !== 'result') throw new Error('no result');
  return found.entry;
};
const until = (work: () => boolean) => expect.poll(work, { timeout: 60_000, interval: 20 }).toBe(true);

describe('the service', () => {
  it('divides a video of several prompts as the engine makes it', async () => {
    const { client } = await open();
    const ask = async (transitions: number, frames?: number) => {
      const segments = ['a red apple', 'a blue apple', 'a cat'].map((prompt) => ({
        prompt,
        ...(frames && { frames }),
      }));
      const request = { method: 'ditctrl', checkpoint: 'embedded/video', prompt: '', segments, seed: 1 };
      return (await client.call('timeline', { request: { ...request, params: { transitions } } })).timeline;
    };
    const usual = await ask(1);
    expect(usual).toMatchObject({ window: 9, step: 5 });
    expect(usual?.stretches.map(({ prompt, kind }) => `${kind} ${prompt}`)).toEqual([
      ...['prompt 0', 'transition 0', 'prompt 1', 'transition 1', 'prompt 2'],
    ]);
    for (const [at, { start }] of (usual?.stretches ?? []).entries())
      expect(start).toBe(usual?.stretches[at - 1]?.end ?? 0);
    const lengthOf = (timeline: typeof usual) => timeline?.stretches.at(-1)?.end ?? 0;
    expect(lengthOf(usual)).toBe(29);
    // Each transition has a window more, and then each prompt.
    expect(lengthOf(await ask(2))).toBe(29 + 2 * 5);
    expect(lengthOf(await ask(1, 10))).toBe(29 + 3 * 5);
    const picture = { method: 'generate', checkpoint: 'embedded/image', prompt: 'a cat', seed: 1 };
    expect(await client.call('timeline', { request: picture })).toEqual({ timeline: null });
  });

  it('expects of a video what earlier ones of its length took, by the steps that it will have', async () => {
    const desk = await open();
    const clip = { method: 'generate', checkpoint: 'embedded/video', prompt: 'a red apple', seed: 1 };
    const { job } = await desk.client.call('jobs.submit', { request: { ...clip, steps: 2 } });
    const { result, figures } = await resultOf(desk, job);
    expect(result).toMatchObject({ frames: 9, fps: 6 });
    const expected = async (more: Partial<EditRequest>) =>
      (await desk.client.call('estimate', { request: { ...clip, ...more } })).expectedMs;
    expect(await expected({ steps: 6 })).toBeCloseTo(3 * (figures.totalMs ?? 0), 3);
    const own = (await desk.client.call('hello', {})).models.find(({ ref }) => ref === 'embedded/video');
    const steps = own?.defaults?.methods.generate?.steps ?? 0;
    expect(await expected({})).toBeCloseTo((steps / 2) * (figures.totalMs ?? 0), 3);
    expect(await expected({ frames: 5 })).toBeUndefined();
  });

  it('runs the sample with previews and maps, keeps the result, exports it and reads it again', async () => {
    const desk = await open();
    const { client, events } = desk;
    const hello = await client.call('hello', {});
    expect(hello.models.map(({ ref }) => ref)).toContain('embedded/image');
    const { request } = hello.sample;
    const { fits, peakBytes } = await client.call('estimate', { request });
    expect(fits).toBe(true);
    expect(peakBytes).toBeGreaterThan(1e7);
    const { job } = await client.call('jobs.submit', { request });
    const entry = await resultOf(desk, job);
    const told = events.flatMap((event) => (event.kind === 'run' ? [event.event.kind] : []));
    expect(told).toContain('preview');
    expect(told).toContain('map');
    expect(entry.maps.map(({ word }) => word)).toContain('green');
    expect((await client.call('history.list', { limit: 5 })).entries.map(({ id }) => id)).toEqual([job]);
    expect((await client.call('estimate', { request })).expectedMs).toBeGreaterThan(0);
    const { params: _, sourcePrompt: __, ...inpainted } = { ...request, method: 'inpaint' };
    expect(
      (await client.call('estimate', { request: inpainted, painted: { x: 0, y: 0, width: 8, height: 8 } })).fits,
    ).toBe(true);
    await expect(client.call('estimate', { request: inpainted })).rejects.toThrow('needs a mask');

    for (const format of ['png', 'jpeg', 'webp', 'avif'] as const) {
      const file = await client.call('export', {
        id: job,
        options: { format, withMetadata: true, pattern: '[method]-[seed]' },
      });
      expect(file.name).toBe(`prompt-edit-7.${format === 'jpeg' ? 'jpg' : format}`);
      const { imported, media } = await client.call('import', { name: file.name, bytes: file.bytes });
      expect(imported?.tool).toBe('Attune');
      expect(imported?.request.prompt).toBe(request.prompt);
      expect(media?.width).toBe(entry.result.width);
    }
    const plain = await client.call('export', { id: job, options: { format: 'png', withMetadata: false } });
    expect((await client.call('import', { name: 'x.png', bytes: plain.bytes })).imported).toBeNull();
  });

  it('answers a cancel at once and goes on with the next job', async () => {
    const desk = await open();
    const { client, events } = desk;
    const first = await client.call('jobs.submit', { request: { ...small, steps: 200 } });
    const second = await client.call('jobs.submit', { request: small });
    await until(() => events.some((event) => event.kind === 'run' && event.event.kind === 'step'));
    await client.call('jobs.cancel', { job: first.job });
    const stepsThen = events.length;
    await resultOf(desk, second.job);
    expect(
      events.slice(stepsThen).some((event) => event.kind === 'run' && event.job === first.job),
      'nothing more is told of a cancelled job',
    ).toBe(false);
    const { queue } = await client.call('hello', {});
    expect(queue.jobs.map(({ job, state }) => [job, state])).toEqual([[first.job, 'cancelled']]);
    await client.call('jobs.retry', { job: first.job });
    await client.call('jobs.cancel', { job: first.job });
    await client.call('jobs.remove', { job: first.job });
    expect((await client.call('hello', {})).queue.jobs).toEqual([]);
  });

  it('starts a killed runner again and runs its job to the same result', async () => {
    const desk = await open();
    const { client, events, runners } = desk;
    const undisturbed = await resultOf(desk, (await client.call('jobs.submit', { request: small })).job);
    const seen = events.length;
    const { job } = await client.call('jobs.submit', { request: { ...small, steps: 12 } });
    await until(() => events.slice(seen).some((event) => event.kind === 'run' && event.event.kind === 'step'));
    const [runner] = runners;
    process.kill((runner as unknown as { pid: number }).pid, 'SIGKILL');
    const entry = await resultOf(desk, job);
    expect(entry.record.request.steps).toBe(12);
    expect(runners).toHaveLength(2);
    expect(
      events.filter((event) => event.kind === 'engine').map((event) => event.kind === 'engine' && event.state),
    ).toContain('restarting');
    const again = await resultOf(desk, (await client.call('jobs.submit', { request: small })).job);
    expect(again.result.ref.sha256).toBe(undisturbed.result.ref.sha256);
  });

  it('pauses between steps, keeps queue, journal and history through a restart, and goes on', async () => {
    const desk = await open();
    const { client, events } = desk;
    await client.call('journal.append', { entries: [new Uint8Array([1, 2]), new Uint8Array([3])] });
    const { job } = await client.call('jobs.submit', { request: { ...small, steps: 12 } });
    await until(() => events.some((event) => event.kind === 'run' && event.event.kind === 'step'));
    await client.call('queue.pause', {});
    await new Promise((done) => setTimeout(done, 700));
    const count = events.filter((event) => event.kind === 'run').length;
    await new Promise((done) => setTimeout(done, 700));
    expect(events.filter((event) => event.kind === 'run')).toHaveLength(count);
    await desk.close();

    const later = await open(desk.home);
    const { queue } = await later.client.call('hello', {});
    expect(queue.isPaused).toBe(true);
    expect(queue.jobs.map(({ job: id, state }) => [id, state])).toEqual([[job, 'waiting']]);
    expect((await later.client.call('journal.read', {})).entries.map((entry) => [...entry])).toEqual([[1, 2], [3]]);
    await later.client.call('queue.resume', {});
    await resultOf(later, job);
  });

  it('goes on with a batch after a restart: every file once', async () => {
    const desk = await open();
    const { client, events } = desk;
    const { batch } = await client.call('batch.start', {
      table: {
        name: 'fruit',
        base: { ...small, steps: 2 },
        rows: [{ prompt: 'a red apple on {grass|sand}' }, { prompt: 'a blue star on snow' }],
        media: [],
        wildcards: {},
        repeats: 2,
        export: { format: 'png', withMetadata: true },
      },
    });
    await until(() => events.some((event) => event.kind === 'batch' && event.batch.done >= 1));
    await desk.close();
    const later = await open(desk.home);
    await until(() => later.events.some((event) => event.kind === 'batch' && event.batch.state === 'finished'));
    const [state] = (await later.client.call('hello', {})).batches;
    expect(state).toMatchObject({ batch, total: 4, done: 4, failed: 0 });
    const [folder = ''] = await readdir(later.options.outputs);
    const files = await readdir(`${later.options.outputs}/${folder}`);
    expect(files.filter((name) => name.endsWith('.png'))).toHaveLength(4);
    const grant = 'grant-00000001';
    later.service.grant(grant, `${later.home}/fruit.zip`);
    expect(await later.client.call('batch.save', { batch, grant })).toEqual({ name: 'fruit.zip' });
    const saved = Object.keys(unzipSync(new Uint8Array(await readFile(`${later.home}/fruit.zip`))));
    expect(saved.filter((name) => name.endsWith('.png'))).toHaveLength(4);
  });

  it('says what is wrong, and what to do', async () => {
    const { client } = await open();
    const call = client.call as (name: string, params: unknown) => Promise<unknown>;
    const submit = (change: Partial<EditRequest>) => call('jobs.submit', { request: { ...small, ...change } });
    await expect(submit({ checkpoint: 'nope' })).rejects.toThrow(/no checkpoint "nope".*embedded\/image/);
    await expect(submit({ method: 'nope' })).rejects.toThrow(/nope/);
    await expect(submit({ method: 'prompt-edit', source: { sha256: 'a'.repeat(64), name: 'x.png' } })).rejects.toThrow(
      /x\.png is not in Attune's store/,
    );
    await expect(call('media.put', { name: 'a.png', bytes: new Uint8Array([1, 2, 3]) })).rejects.toThrow(
      /a\.png is not a picture/,
    );
    await expect(call('models.addFolder', { grant: 'grant-00000001' })).rejects.toThrow(
      /choose the file or folder again/,
    );
    await expect(call('settings.set', { settings: { provider: 'nope' } })).rejects.toThrow(/no provider "nope".*cpu/);
  });
});

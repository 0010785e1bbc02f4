import { describe, expect, it } from 'vitest';
import { RunEvent } from '../../contract/index.ts';
import { type Gate, Progress } from './progress.ts';

function setup(signal?: AbortSignal, gate?: Gate) {
  const events: RunEvent[] = [];
  const clock = { now: 0 };
  const progress = new Progress({
    emit: (event) => void events.push(event),
    signal,
    clock: () => clock.now,
    wantsPreviews: true,
    gate,
  });
  return { events, clock, progress };
}
const picture = { width: 1, height: 1, channels: 1 as const, data: new Uint8Array(1) };

describe('progress', () => {
  it('expects the remaining steps to take as long as those of the loop so far, not what came before it', async () => {
    const { events, clock, progress } = setup();
    progress.stage('encode');
    clock.now = 5000;
    progress.stage('denoise');
    clock.now = 5100;
    await progress.step(1, 4);
    clock.now = 5300;
    await progress.step(2, 4);
    clock.now = 5600;
    await progress.step(4, 4);
    expect(events.filter(({ kind }) => kind === 'step')).toEqual([
      { kind: 'step', step: 1, of: 4, etaMs: 300 },
      { kind: 'step', step: 2, of: 4, etaMs: 300 },
      { kind: 'step', step: 4, of: 4, etaMs: 0 },
    ]);
  });

  it('counts the calls of networks that a stage expects, and what is left of it by their cost', () => {
    const { events, clock, progress } = setup();
    const [clip, t5] = [
      { network: 'text_encoder', cost: 1 },
      { network: 'text_encoder_3', cost: 9 },
    ];
    progress.stage('condition', [clip, t5, clip, t5]);
    progress.begins('text_encoder');
    clock.now = 100;
    // A preview, which is no part of the stage.
    progress.begins('vae');
    progress.begins('text_encoder_3');
    clock.now = 1100;
    progress.begins('text_encoder');
    progress.stage('decode');
    progress.begins('vae');
    expect(events.filter(({ kind }) => kind === 'part')).toEqual([
      { kind: 'part', part: 1, of: 4, network: 'text_encoder' },
      { kind: 'part', part: 2, of: 4, network: 'text_encoder_3', etaMs: 1900 },
      { kind: 'part', part: 3, of: 4, network: 'text_encoder', etaMs: 1100 },
    ]);
    expect(events.map((event) => RunEvent.safeParse(event).success)).not.toContain(false);
  });

  it('tells events of the contract, and when the first preview was', () => {
    const { events, clock, progress } = setup();
    expect(progress.firstPreviewMs).toBeUndefined();
    progress.stage('denoise');
    clock.now = 70;
    progress.preview(1, picture);
    progress.map(1, 'apple', picture);
    clock.now = 90;
    progress.preview(2, picture);
    expect(progress.firstPreviewMs).toBe(70);
    expect(progress.elapsedMs).toBe(90);
    for (const event of events) expect(RunEvent.parse(event)).toEqual(event);
  });

  it('counts the step that was done and stops then when the job was cancelled; a new stage does not begin', async () => {
    const control = new AbortController();
    const { events, progress } = setup(control.signal);
    progress.stage('denoise');
    control.abort();
    await expect(progress.step(1, 4)).rejects.toMatchObject({ kind: 'cancelled' });
    expect(() => progress.stage('decode')).toThrowError(expect.objectContaining({ kind: 'cancelled' }));
    expect(events.map(({ kind }) => kind)).toEqual(['stage', 'step']);
  });

  it('waits at the gate between steps, and counts that time neither as work nor for what remains', async () => {
    const gate = Promise.withResolvers<void>();
    const closed = [gate.promise];
    const { events, clock, progress } = setup(undefined, () => closed.pop());
    progress.stage('denoise');
    clock.now = 100;
    const step = progress.step(1, 3);
    clock.now = 9100;
    gate.resolve();
    await step;
    clock.now = 9200;
    await progress.step(2, 3);
    expect(events.at(-1)).toEqual({ kind: 'step', step: 2, of: 3, etaMs: 100 });
    expect([progress.elapsedMs, progress.pausedMs]).toEqual([200, 9000]);
  });

  it('is cancelled while it waits at the gate', async () => {
    const control = new AbortController();
    const { progress } = setup(control.signal, () => new Promise(() => {}));
    progress.stage('denoise');
    const step = progress.step(1, 3);
    control.abort();
    await expect(step).rejects.toMatchObject({ kind: 'cancelled' });
  });
});

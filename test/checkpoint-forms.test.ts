import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Engine } from '../engine/index.ts';
import { apart, boxMask, codedAlone, discOf, openTestEngine, runAsked } from './embedded.ts';
import { TINY_SD3, type TinyModel, writeTinyModel } from './tiny-model.ts';
import { tinyClip } from './tiny-networks.ts';

/** The forms in which Stable Diffusion 3 and 3.5 are published, with random weights: everything runs on each of them. */
const forms: readonly (readonly [what: string, form: TinyModel])[] = [
  ['with T5', TINY_SD3],
  ['without T5', { ...TINY_SD3, encoders: { ...TINY_SD3.encoders, text_encoder_3: null } }],
  ['with one CLIP alone', { encoders: { text_encoder: tinyClip() }, textHiddenSize: 16, pooledWidth: 6 }],
];

const PROMPT = 'a red apple on grass';
const source = discOf(22, 17);
const mask = boxMask(22, 17);

function open(form: TinyModel): { readonly engine: Engine; readonly checkpoint: string } {
  const checkpoint = writeTinyModel(form);
  const engine = openTestEngine();
  onTestFinished(() => engine.close());
  return { engine, checkpoint };
}

describe.each(forms)('a checkpoint %s', (_what, form) => {
  it('generates: the same bytes for the same seed, others for another prompt, weights of 1.0 without effect', async () => {
    const { engine, checkpoint } = open(form);
    const generate = async (prompt: string, asked = {}) =>
      (await runAsked(engine, { method: 'generate', checkpoint, prompt, size: { width: 20, height: 24 }, ...asked }))
        .images[0]?.data ?? [];
    const first = await generate(PROMPT);
    expect(apart(await generate(PROMPT), first)).toBe(0);
    expect(apart(await generate('a (red:1.0) apple on (grass:1)'), first)).toBe(0);
    expect(apart(await generate('a blue cat on grass'), first)).toBeGreaterThan(0);
    expect(apart(await generate('a (red:3) apple on grass'), first)).toBeGreaterThan(0);
    // Word maps ride along within float noise.
    expect(apart(await generate(PROMPT, { maps: true }), first)).toBeLessThanOrEqual(1);
  });

  it('gives a source back exactly when both prompts say the same', async () => {
    const { engine, checkpoint } = open(form);
    const back = await codedAlone(engine.model(checkpoint), source);
    const equal = { checkpoint, prompt: PROMPT, sourcePrompt: PROMPT, guidance: 2 };
    const flow = { ...equal, method: 'flowedit', params: { sourceGuidance: 2, strength: 1 } };
    expect(apart((await runAsked(engine, flow, { source })).unpasted[0]?.data ?? [], back.data)).toBe(0);
  });

  it.each(['prompt-edit', 'flowedit', 'inpaint'])('keeps what is outside a mask: %s', async (method) => {
    const { engine, checkpoint } = open(form);
    const edit = method === 'inpaint' ? {} : { sourcePrompt: PROMPT };
    const asked = { method, checkpoint, prompt: 'a blue cat on grass', ...edit };
    const { images, figures, record } = await runAsked(engine, asked, { source, mask });
    expect(figures.changedOutside).toBe(0);
    expect(figures.changedInside).toBeGreaterThan(0);
    expect(images[0]?.data.length).toBe(source.data.length);
    expect(record.checkpoint.files.map(({ path }) => path.split('/')[0])).toEqual([
      'transformer',
      'vae',
      ...Object.entries(form.encoders).flatMap(([name, network]) => (network === null ? [] : [name])),
    ]);
  });
});

describe('a checkpoint', () => {
  it('with a diffusion scheduler runs along it, and keeps what its edits keep', async () => {
    const { engine, checkpoint } = open(TINY_SD3);
    const scheduler = { _class_name: 'DDIMScheduler', beta_schedule: 'scaled_linear', prediction_type: 'v_prediction' };
    writeFileSync(join(checkpoint, 'scheduler', 'scheduler_config.json'), JSON.stringify(scheduler));
    const { record } = await runAsked(engine, { method: 'generate', checkpoint, prompt: PROMPT });
    expect(record.sampler.commonName).toBe('DDIM');
    const back = await codedAlone(engine.model(checkpoint), source);
    for (const method of ['flowedit', 'prompt-edit']) {
      const params = { sourceGuidance: 2, ...(method === 'flowedit' ? {} : { blend: false }) };
      const equal = { method, checkpoint, prompt: PROMPT, sourcePrompt: PROMPT, guidance: 2, params };
      const { unpasted } = await runAsked(engine, equal, { source });
      expect(apart(unpasted[0]?.data ?? [], back.data)).toBe(0);
    }
    for (const method of ['inpaint', 'sdedit']) {
      const { figures } = await runAsked(engine, { method, checkpoint, prompt: PROMPT }, { source, mask });
      expect(figures.changedOutside).toBe(0);
      expect(figures.changedInside).toBeGreaterThan(0);
    }
  });

  it('is inspected: the family of each network, and what a run needs', () => {
    const { engine, checkpoint } = open(TINY_SD3);
    const text = JSON.stringify(engine.inspect(checkpoint));
    for (const family of ['sd3', 'autoencoder-kl', 'clip-text', 't5-encoder']) expect(text).toContain(family);
  });
});

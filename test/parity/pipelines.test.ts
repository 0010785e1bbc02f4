import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodePrompt, latentSizeOf, noiseSource } from '../../engine/index.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { openTestEngine } from '../embedded.ts';
import { film, type TinyVideoModel, writeTinyVideoModel } from '../tiny-video-model.ts';
import { writeFixture } from './made.ts';
import { joined } from './prompts.ts';
import { findFixtures, runFixture } from './walk.ts';

/**
 * The reference has a few batch sizes and lengths. Of others the harness must give what the product makes: frames of two videos in one
 * batch, as the engine films each of them alone, to half a step of 8 bits.
 */
const PROMPTS = ['a red apple', 'a blue cat'];
const HALF_BYTE = 0.51 / 255;

/** Runs the harness on such a fixture; `change` is added to its stored pictures. */
async function harnessOn(form: TinyVideoModel, frames: number, change = 0): Promise<string> {
  const engine = openTestEngine();
  onTestFinished(() => engine.close());
  const checkpoint = writeTinyVideoModel(form);
  const model = engine.model(checkpoint);
  const asked = { steps: 3, guidance: 4, size: { width: 12, height: 8 }, frames };
  const size = latentSizeOf(model, { ...asked.size, frames });
  const filmed = [];
  for (const [seed, prompt] of PROMPTS.entries())
    filmed.push(await film(engine, { method: 'generate', checkpoint, prompt, seed, ...asked }));
  const pictures = filmed.map(({ pixels }) => joined(pixels.map(planes)));
  const embeds = async (prompts: readonly string[]) => {
    const conditions = await Promise.all(prompts.map((prompt) => encodePrompt(model, prompt)));
    const { tokens, hiddenSize } = model.conditioning;
    return { shape: [prompts.length, tokens, hiddenSize], data: joined(conditions.map((one) => one.promptEmbeds)) };
  };
  const image = joined(pictures).map((value) => value + change);
  const folder = join(checkpoint, 'fixture');
  await writeFixture(folder, {
    manifest: {
      kind: 'pipeline',
      class: 'CogVideoXPipeline',
      components: { transformer: '../transformer', vae: '../vae', scheduler: '../scheduler' },
      call: { ...asked.size, num_frames: frames, num_inference_steps: asked.steps, guidance_scale: asked.guidance },
      outputs: { image: { atol: HALF_BYTE, rel_rms_tol: 1 } },
    },
    files: {
      'inputs.safetensors': {
        latents: {
          shape: [PROMPTS.length, size.totalFrames, model.denoiser.latentChannels, size.rows, size.columns],
          data: joined(PROMPTS.map((_, seed) => noiseSource(seed, size.length, 'initial')(0))),
        },
        prompt_embeds: await embeds(PROMPTS),
        negative_prompt_embeds: await embeds(['', '']),
      },
      'outputs.safetensors': { image: { shape: [PROMPTS.length, frames, 3, 8, 12], data: image } },
    },
  });
  const [fixture] = await findFixtures(folder);
  if (fixture === undefined) throw new Error('the folder is a fixture');
  const results = await runFixture(fixture, { runtime: createOnnxRuntime({ threads: 1 }) });
  return results.map(({ status }) => status).join();
}

/** [3, height, width] in 0..1. */
function planes({ width, height, data }: { width: number; height: number; data: Uint8Array }): Float32Array {
  const plane = width * height;
  return Float32Array.from({ length: 3 * plane }, (_, i) => (data[(i % plane) * 3 + Math.floor(i / plane)] ?? 0) / 255);
}

describe('the harness of pipelines', () => {
  it.each<[name: string, form: TinyVideoModel, frames: number]>([
    ['frames by themselves, one', { vae: 'pictures' }, 1],
    ['frames by themselves, three', { vae: 'pictures' }, 3],
    ['frames together, two', { vae: 'video', reader: 't5' }, 2],
    ['frames together, five', { vae: 'video', reader: 't5', form: 'rotary' }, 5],
    ['tokens of two frames, four', { vae: 'video', reader: 't5', form: 'spanning' }, 4],
  ])('takes two videos at once, of any length: %s', async (_name, form, frames) => {
    expect(await harnessOn(form, frames)).toBe('PASS');
  });

  it('fails where the pictures are others', async () => {
    expect(await harnessOn({ vae: 'pictures' }, 3, 0.01)).toBe('FAIL');
  });
});

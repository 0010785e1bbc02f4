import type { Benchmark, Figure } from './benchmark.ts';
import { runChild } from './child.ts';

/** The last one's latents are long enough to wait on the disk. */
const PROMPTS = [1, 2, 3, 4, 8, 16, 32];
/** Every step costs the same on either side of the shared ones; four are two of each kind. */
const STEPS = 4;
const CHILD = new URL('video-child.ts', import.meta.url);

interface Told {
  readonly frames: number;
  readonly wall: number;
  readonly cpu: number;
}

/** One long video from more and more prompts: seconds a frame should stay, and so should memory. */
export const video: Benchmark = {
  name: 'video',
  title: `a video of 1 to 32 prompts (ditctrl, embedded model, ${STEPS} steps): time a frame and memory; a process each`,
  async run({ say }) {
    const figures: Figure[] = [];
    for (const prompts of PROMPTS) {
      const { messages, peakPrivate } = await runChild(CHILD, [`${prompts}`, `${STEPS}`]);
      const told = messages.at(-1) as Told; // what video-child.ts tells last
      say(`${prompts} prompts: ${told.frames} frames`);
      figures.push(
        { label: `${prompts} prompts: frames`, unit: 'count', values: [told.frames] },
        {
          label: `${prompts} prompts: time a frame`,
          unit: 's',
          values: [told.wall / told.frames],
          cpu: [told.cpu / told.frames],
        },
        { label: `${prompts} prompts: most private memory`, unit: 'MiB', values: [peakPrivate / 2 ** 20] },
      );
    }
    return figures;
  },
};

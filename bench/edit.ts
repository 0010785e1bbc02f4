import type { BenchContext, Benchmark, Figure } from './benchmark.ts';
import { runChild } from './child.ts';
import { type Sample, timeFigure } from './measure.ts';

/** Processes a method; the first click of each is cold. */
const PROCESSES = 3;
const CLICKS = 3;
const FIRST_PREVIEW = { atMost: 1, by: 'wall' } as const;
const END = { atMost: 5, by: 'wall' } as const;

export const edit: Benchmark = {
  name: 'edit',
  title: 'a click on the embedded model, a picture of 128 x 128 pixels, with previews; threads as the runtime chooses',
  async run(context) {
    return [...(await clicksOf(context, 'prompt-edit')), ...(await clicksOf(context, 'generate'))];
  },
};

/** What edit-child.ts sends after each click. */
interface Click {
  readonly firstPreview: Sample;
  readonly end: Sample;
}

async function clicksOf({ say }: BenchContext, method: string): Promise<readonly Figure[]> {
  const [opening, cold, warm]: [number[], Click[], Click[]] = [[], [], []];
  for (let process = 0; process < PROCESSES; process += 1) {
    say(`${method}: process ${process + 1} of ${PROCESSES}`);
    const { firstMessage, messages } = await runChild(new URL('./edit-child.ts', import.meta.url), [
      method,
      String(CLICKS),
    ]);
    // The first message says that the engine is open; the others are those of Click.
    const [first, ...later] = messages.slice(1) as Click[];
    opening.push(firstMessage);
    if (first !== undefined) cold.push(first);
    warm.push(...later);
  }
  const part = (state: string, clicks: readonly Click[]): Figure[] => [
    timeFigure(
      `${method}, ${state}: click to first preview`,
      clicks.map(({ firstPreview }) => firstPreview),
      FIRST_PREVIEW,
    ),
    timeFigure(
      `${method}, ${state}: click to the end`,
      clicks.map(({ end }) => end),
      END,
    ),
  ];
  return [
    { label: `${method}: process start to open engine`, unit: 's', values: opening },
    ...part('cold', cold),
    ...part('warm', warm),
  ];
}

import type { EditRequest } from '../../../contract/index.ts';
import type { Engine, Pixels, RunMedia } from '../../../engine/index.ts';
import { Dice } from '../dice.ts';
import type { Judge } from '../judge.ts';
import type { World } from '../world.ts';
import { CLIPS, type Clip, captionOf, drawClip, isHeldOut, renderClip } from './clips.ts';
import { changesOf, flickerOf, mean, motionOf, readFrames } from './motion.ts';

export interface VideoBench {
  readonly engine: Engine;
  readonly checkpoint: string;
  readonly world: World;
  readonly judge: Judge;
  readonly seed: number;
  readonly cases: number;
  readonly say: (line: string) => void;
}

export interface VideoRow {
  readonly task: string;
  readonly variant: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Frames of each case, for the sheet. */
  readonly videos: readonly (readonly Pixels[])[];
}

/** Runs a request on the checkpoint of the benchmark. */
export async function make(
  { engine, checkpoint }: VideoBench,
  request: Omit<EditRequest, 'checkpoint'>,
  media: RunMedia = {},
): Promise<{ readonly frames: readonly Pixels[]; readonly figures: Readonly<Record<string, number>> }> {
  const frames: Pixels[] = [];
  const { figures } = await engine.run({ checkpoint, ...request }, media, {
    onFrame: (frame) => void frames.push(frame),
  });
  return { frames, figures };
}

/** T9: one prompt; is the motion right, does the object stay what it is, does the ground stand still. */
export async function motionTask(bench: VideoBench): Promise<readonly VideoRow[]> {
  const { world, judge, cases, seed, say } = bench;
  const chosen = Array.from({ length: cases }, (_, at) => drawClip(world, new Dice(seed, 900 + at)));
  const truth = chosen.map((clip) => renderClip(world, clip));
  const made: (readonly Pixels[])[] = [];
  for (const [at, clip] of chosen.entries()) {
    made.push((await make(bench, { method: 'generate', prompt: captionOf(world, clip), seed: seed + at })).frames);
    say(`T9 ${at + 1} of ${cases}`);
  }
  return [
    { task: 'T9 motion', variant: 'true renders', videos: truth, figures: scores(judge, chosen, truth, truth) },
    { task: 'T9 motion', variant: 'generate', videos: made, figures: scores(judge, chosen, made, truth) },
  ];
}

function scores(
  judge: Judge,
  chosen: readonly Clip[],
  videos: readonly (readonly Pixels[])[],
  truth: readonly (readonly Pixels[])[],
): Readonly<Record<string, number>> {
  const read = videos.map((frames) => readFrames(judge, frames));
  return {
    motion: mean(read.map((one, at) => Number(motionOf(one) === chosen[at]?.motion.name))),
    place: mean(read.map(({ place }, at) => Number(place.place === chosen[at]?.place))),
    identity: mean(read.map(({ objects }, at) => identity(judge, objects, chosen[at]))),
    flicker: mean(videos.map((frames, at) => flickerOf(frames, read[at] ?? { masks: [] }))),
    change: mean(videos.flatMap(changesOf)) / mean(truth.flatMap(changesOf)),
  };
}

/** Share of frames in which the object is what was asked for. */
export function identity(
  judge: Judge,
  objects: ReturnType<typeof readFrames>['objects'],
  wanted: Clip | undefined,
): number {
  return mean(
    objects.map((seen) =>
      Number(
        wanted !== undefined &&
          seen?.object === wanted.object &&
          judge.sameColour(wanted.object, seen.colour, wanted.colour),
      ),
    ),
  );
}

/** T10: a true clip whose object takes another colour; the new colour in every frame, the motion as it was, the ground untouched. */
export async function editTask(bench: VideoBench): Promise<readonly VideoRow[]> {
  const { world, judge, cases, seed, say } = bench;
  const videos: (readonly Pixels[])[] = [];
  const rows: Record<string, number>[] = [];
  for (let at = 0; at < cases; at++) {
    const dice = new Dice(seed, 1000 + at);
    const from = drawClip(world, dice);
    const others = CLIPS.colours.filter((colour) => colour !== from.colour && !isHeldOut(world, from.object, colour));
    const wanted = { ...from, colour: dice.pick(others) };
    const source = renderClip(world, from);
    const { frames, figures } = await make(
      bench,
      {
        method: 'prompt-edit',
        sourcePrompt: captionOf(world, from),
        prompt: captionOf(world, wanted),
        seed: seed + at,
      },
      { source: { frames: source, fps: CLIPS.fps } },
    );
    const read = readFrames(judge, frames);
    rows.push({
      identity: identity(judge, read.objects, wanted),
      motion: Number(motionOf(read) === from.motion.name),
      place: Number(read.place.place === from.place),
      changedOutside: figures.changedOutside ?? Number.NaN,
    });
    videos.push(source, frames);
    say(`T10 ${at + 1} of ${cases}`);
  }
  const figures = Object.fromEntries(
    Object.keys(rows[0] ?? {}).map((name) => [name, mean(rows.map((row) => row[name] ?? Number.NaN))]),
  );
  return [{ task: 'T10 edit of a clip', variant: 'prompt-edit', videos, figures }];
}

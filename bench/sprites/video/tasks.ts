import type { EditRequest } from '../../../contract/index.ts';
import {
  cscv,
  type Engine,
  neighbourSimilarities,
  type Pixels,
  planSegments,
  type VideoMedia,
} from '../../../engine/index.ts';
import { Dice } from '../dice.ts';
import type { Judge } from '../judge.ts';
import type { World } from '../world.ts';
import { CLIPS, type Clip, captionOf, drawClip, renderClip } from './clips.ts';
import { changesOf, flickerOf, likeness, mean, motionOf, readFrames } from './motion.ts';

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

async function make(
  { engine, checkpoint }: VideoBench,
  request: Omit<EditRequest, 'checkpoint'>,
  media: VideoMedia = {},
): Promise<{ readonly frames: readonly Pixels[]; readonly figures: Readonly<Record<string, number>> }> {
  const frames: Pixels[] = [];
  const { figures } = await engine.runVideo({ checkpoint, ...request }, media, {
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
    made.push((await make(bench, { method: 'clip', prompt: captionOf(world, clip), seed: seed + at })).frames);
    say(`T9 ${at + 1} of ${cases}`);
  }
  return [
    { task: 'T9 motion', variant: 'true renders', videos: truth, figures: scores(judge, chosen, truth, truth) },
    { task: 'T9 motion', variant: 'clip', videos: made, figures: scores(judge, chosen, made, truth) },
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
function identity(judge: Judge, objects: ReturnType<typeof readFrames>['objects'], wanted: Clip | undefined): number {
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
    const to = drawClip(world, dice, {
      ...from,
      colour: dice.pick(CLIPS.colours.filter((colour) => colour !== from.colour)),
    });
    const wanted = { ...from, colour: to.colour };
    const source = renderClip(world, from);
    const { frames, figures } = await make(
      bench,
      { method: 'video-edit', sourcePrompt: captionOf(world, from), prompt: captionOf(world, wanted), seed: seed + at },
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
  return [{ task: 'T10 edit of a clip', variant: 'video-edit', videos, figures }];
}

const VARIANTS = {
  ditctrl: {},
  'without shared attention': { sharing: false },
  'with a subject': {},
  'cut (isolated clips)': { joining: 'cut' },
} as const;

/** T11: two prompts of one object that moves in two ways; each part as T9, and the change where they meet. */
export async function promptsTask(bench: VideoBench): Promise<readonly VideoRow[]> {
  const { world, cases, seed, say } = bench;
  const pairs = Array.from({ length: cases }, (_, at) => {
    const dice = new Dice(seed, 1100 + at);
    const first = drawClip(world, dice);
    const motion = dice.pick(CLIPS.motions.filter(({ name }) => name !== first.motion.name));
    return [first, drawClip(world, dice, { ...first, motion })] as const;
  });
  const rows: VideoRow[] = [];
  for (const [variant, params] of Object.entries(VARIANTS)) {
    const videos: (readonly Pixels[])[] = [];
    for (const [at, clips] of pairs.entries()) {
      const subject = variant === 'with a subject' ? { subject: clips[0].object } : {};
      const request = {
        method: 'ditctrl',
        prompt: '',
        segments: clips.map((clip) => ({ prompt: captionOf(world, clip) })),
        params: { ...params, ...subject },
        seed: seed + at,
      };
      videos.push((await make(bench, request)).frames);
      say(`T11 ${variant} ${at + 1} of ${cases}`);
    }
    const isCut = variant === 'cut (isolated clips)';
    rows.push({ task: 'T11 two prompts', variant, videos, figures: joined(bench.judge, pairs, videos, isCut) });
  }
  return [...rows, await onePrompt(bench, pairs)];
}

/** Both captions in one prompt, for as long: what a model without windows of its own prompt makes of it. */
async function onePrompt(bench: VideoBench, pairs: readonly (readonly [Clip, Clip])[]): Promise<VideoRow> {
  const videos: (readonly Pixels[])[] = [];
  for (const [at, [first, second]] of pairs.entries()) {
    const prompt = `${captionOf(bench.world, first).split(',')[0]} and ${captionOf(bench.world, second)}`;
    videos.push((await make(bench, { method: 'ditctrl', prompt, frames: 19, seed: bench.seed + at })).frames);
    bench.say(`T11 one prompt ${at + 1} of ${pairs.length}`);
  }
  return {
    task: 'T11 two prompts',
    variant: 'one long prompt',
    videos,
    figures: joined(bench.judge, pairs, videos, false),
  };
}

/** Frames of both prompts that no other window has: before the first overlap, behind the last. */
function joined(
  judge: Judge,
  pairs: readonly (readonly [Clip, Clip])[],
  videos: readonly (readonly Pixels[])[],
  isCut: boolean,
): Readonly<Record<string, number>> {
  const tile = CLIPS.frames;
  const overlap = isCut ? 0 : Math.round((6 / 13) * tile);
  const plan = planSegments({ prompts: 2, tile, overlap, transitions: isCut ? 0 : 1, extra: 0 });
  const own = tile - Math.floor(overlap / 2);
  const rows = videos.map((frames, at) => {
    const parts = [frames.slice(0, own), frames.slice(plan.frames - own)];
    const read = parts.map((part) => readFrames(judge, part));
    const changes = changesOf(frames);
    const inside = [...changes.slice(0, own - 1), ...changes.slice(plan.frames - own)].sort((a, b) => a - b);
    const between = changes.slice(own - 1, plan.frames - own);
    return {
      motion: mean(read.map((one, which) => Number(motionOf(one) === pairs[at]?.[which]?.motion.name))),
      identity: mean(read.map(({ objects }, which) => identity(judge, objects, pairs[at]?.[which]))),
      place: mean(read.map(({ place }, which) => Number(place.place === pairs[at]?.[which]?.place))),
      sameGround: Number(read[0]?.place.roll === read[1]?.place.roll && read[0]?.place.place === read[1]?.place.place),
      seam: Math.max(...between) / (inside[Math.floor(inside.length / 2)] ?? Number.NaN),
      cscv: cscv(neighbourSimilarities(frames, likeness)),
    };
  });
  return Object.fromEntries(
    (['motion', 'identity', 'place', 'sameGround', 'seam', 'cscv'] as const).map((name) => [
      name,
      mean(rows.map((row) => row[name])),
    ]),
  );
}

import { type Pixels, planSegments } from '../../../engine/index.ts';
import { Dice } from '../dice.ts';
import type { Judge } from '../judge.ts';
import { CLIPS, type Clip, captionOf, drawClip } from './clips.ts';
import { cscv, neighbourSimilarities } from './cscv.ts';
import { changesOf, likeness, mean, motionOf, readFrames } from './motion.ts';
import { identity, make, type VideoBench, type VideoRow } from './tasks.ts';

const VARIANTS = {
  ditctrl: {},
  'without shared attention': { sharing: false },
  'with a subject': {},
  'cut (isolated clips)': { joining: 'cut' },
} as const;

/** T11: two and three prompts of one object that moves in as many ways; each part as T9, and the change where parts meet. */
export async function promptsTask(bench: VideoBench): Promise<readonly VideoRow[]> {
  return [...(await joinedTask(bench, 'T11 two prompts', 2)), ...(await joinedTask(bench, 'T11 three prompts', 3))];
}

async function joinedTask(bench: VideoBench, task: string, prompts: number): Promise<readonly VideoRow[]> {
  const { world, cases, seed, say } = bench;
  const chosen = Array.from({ length: cases }, (_, at) => {
    const dice = new Dice(seed, 1100 + at);
    const clips = [drawClip(world, dice)];
    for (let last = clips[0]; last !== undefined && clips.length < prompts; last = clips.at(-1)) {
      const { name } = last.motion;
      const motion = dice.pick(CLIPS.motions.filter((other) => other.name !== name));
      clips.push(drawClip(world, dice, { ...last, motion }));
    }
    return clips;
  });
  const rows: VideoRow[] = [];
  for (const [variant, params] of Object.entries(VARIANTS)) {
    const videos: (readonly Pixels[])[] = [];
    for (const [at, clips] of chosen.entries()) {
      const subject = variant === 'with a subject' ? { subject: clips[0]?.object ?? '' } : {};
      const request = {
        method: 'ditctrl',
        prompt: '',
        segments: clips.map((clip) => ({ prompt: captionOf(world, clip) })),
        params: { ...params, ...subject },
        seed: seed + at,
      };
      videos.push((await make(bench, request)).frames);
      say(`${task}, ${variant}: ${at + 1} of ${cases}`);
    }
    const isCut = variant === 'cut (isolated clips)';
    rows.push({ task, variant, videos, figures: joined(bench.judge, chosen, videos, isCut) });
  }
  return [...rows, await onePrompt(bench, task, chosen)];
}

/** All captions in one prompt, for as long: what a model without windows of its own prompt makes of it. */
async function onePrompt(bench: VideoBench, task: string, chosen: readonly (readonly Clip[])[]): Promise<VideoRow> {
  const videos: (readonly Pixels[])[] = [];
  for (const [at, clips] of chosen.entries()) {
    const captions = clips.map((clip) => captionOf(bench.world, clip));
    const last = captions.length - 1;
    const prompt = captions.map((text, which) => (which === last ? text : text.split(',')[0])).join(' and ');
    const { frames } = planOf(clips.length, false);
    videos.push((await make(bench, { method: 'ditctrl', prompt, frames, seed: bench.seed + at })).frames);
    bench.say(`${task}, one prompt: ${at + 1} of ${chosen.length}`);
  }
  return { task, variant: 'one long prompt', videos, figures: joined(bench.judge, chosen, videos, false) };
}

const overlapOf = (isCut: boolean) => (isCut ? 0 : Math.round((6 / 13) * CLIPS.frames));

function planOf(prompts: number, isCut: boolean) {
  const overlap = overlapOf(isCut);
  return planSegments({ prompts, tile: CLIPS.frames, overlap, transitions: isCut ? 0 : 1, extra: 0 });
}

/** Frames [from, to) of each prompt that are most its own: half of each overlap with a neighbour is left out. */
function partsOf(prompts: number, isCut: boolean): readonly (readonly [number, number])[] {
  const half = Math.floor(overlapOf(isCut) / 2);
  const { segments, frames } = planOf(prompts, isCut);
  return segments
    .filter(({ from, to }) => from === to)
    .map(({ start }) => {
      const end = start + CLIPS.frames;
      return [start === 0 ? 0 : start + half, end === frames ? frames : end - half] as const;
    });
}

function joined(
  judge: Judge,
  chosen: readonly (readonly Clip[])[],
  videos: readonly (readonly Pixels[])[],
  isCut: boolean,
): Readonly<Record<string, number>> {
  const rows = videos.map((frames, at) => {
    const clips = chosen[at] ?? [];
    const parts = partsOf(clips.length, isCut);
    const read = parts.map(([from, to]) => readFrames(judge, frames.slice(from, to)));
    const [inside, meeting]: [number[], number[]] = [[], []];
    for (const [frame, change] of changesOf(frames).entries()) {
      const isInside = parts.some(([from, to]) => frame >= from && frame + 1 < to);
      (isInside ? inside : meeting).push(change);
    }
    inside.sort((a, b) => a - b);
    // Where one motion turns to the next; a cut has no frames there.
    const turns = parts.slice(1).map(([from], which) => frames.slice(parts[which]?.[1] ?? from, from));
    const between = isCut
      ? []
      : turns.map((part, which) => identity(judge, readFrames(judge, part).objects, clips[which]));
    const grounds = new Set(read.map(({ place }) => `${place.place} ${place.roll}`));
    const objects = new Set(read.map((one) => usual(one.objects.map((seen) => `${seen?.object} ${seen?.colour}`))));
    return {
      motion: mean(read.map((one, which) => Number(motionOf(one) === clips[which]?.motion.name))),
      identity: mean(read.map(({ objects }, which) => identity(judge, objects, clips[which]))),
      between: mean(between),
      place: mean(read.map(({ place }, which) => Number(place.place === clips[which]?.place))),
      sameObject: Number(objects.size === 1),
      sameGround: Number(grounds.size === 1),
      seam: Math.max(...meeting) / (inside[Math.floor(inside.length / 2)] ?? Number.NaN),
      cscv: cscv(neighbourSimilarities(frames, likeness)),
    };
  });
  return Object.fromEntries(
    (['motion', 'identity', 'between', 'place', 'sameObject', 'sameGround', 'seam', 'cscv'] as const).map((name) => [
      name,
      mean(rows.map((row) => row[name])),
    ]),
  );
}

/** What most of them are. */
function usual(names: readonly string[]): string | undefined {
  const counts = Map.groupBy(names, (name) => name);
  return [...counts.values()].sort((a, b) => b.length - a.length)[0]?.[0];
}

import { describe, expect, it } from 'vitest';
import { Dice } from '../dice.ts';
import { Judge } from '../judge.ts';
import { World } from '../world.ts';
import { CLIPS, captionOf, drawClip, renderClip } from './clips.ts';
import { changesOf, flickerOf, likeness, motionOf, readFrames } from './motion.ts';

const world = await World.open();
const judge = new Judge(world);

describe('true clips', () => {
  const dice = new Dice(3, 1);
  it.each(CLIPS.motions)('$name: read as what they are', (motion) => {
    const clip = drawClip(world, dice, { motion });
    const frames = renderClip(world, clip);
    const read = readFrames(judge, frames);
    expect(frames).toHaveLength(CLIPS.frames);
    expect(read.place).toEqual({ place: clip.place, roll: clip.roll });
    expect(motionOf(read)).toBe(motion.name);
    const right = read.objects.filter(
      (seen) => seen?.object === clip.object && judge.sameColour(clip.object, seen.colour, clip.colour),
    );
    expect(right.length).toBeGreaterThanOrEqual(6);
    expect(flickerOf(frames, read)).toBeLessThan(0.1);
  });

  it('are worded as in training', () => {
    const motion = CLIPS.motions[1];
    if (motion === undefined) throw new Error('there are motions');
    const clip = drawClip(world, dice, { object: 'apple', colour: 'red', place: 'sand', motion });
    expect(captionOf(world, clip)).toBe('a red apple moving left, on sand');
  });
});

it('frames that are alike are likest, and nothing changes between them', () => {
  const [a, b] = ['sky', 'night'].map((place) => world.renderPlace(place, 0));
  if (a === undefined || b === undefined) throw new Error('there are places');
  expect(likeness(a, a)).toBeCloseTo(1, 9);
  expect(likeness(a, b)).toBeLessThan(0.9);
  expect(changesOf([a, a, b])[0]).toBe(0);
});

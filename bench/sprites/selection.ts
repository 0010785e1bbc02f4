import type { Engine } from '../../engine/index.ts';
import { Dice } from './dice.ts';
import { CHECKPOINT } from './methods/method.ts';
import { isUnseeable, oneSpriteScene, twoSpriteScene } from './scenes.ts';
import { overlap } from './similarity.ts';
import type { Scene, SceneObject, World } from './world.ts';

/** How well `Engine.select` finds the objects of true scenes. */

export interface Found {
  readonly scene: Scene;
  readonly object: SceneObject;
  /** Intersection over union of the mask with the object's true pixels, with the scene's caption as the prompt. */
  readonly withCaption: number;
  /** The same without a prompt. */
  readonly withoutPrompt: number;
}

/** Looks for every object of `count` random scenes, in turn of one and of two objects; the same for a seed on every machine. */
export async function findObjects(
  engine: Engine,
  world: World,
  count: number,
  seed: number,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (let stream = 0, scenes = 0; scenes < count; stream++) {
    const dice = new Dice(seed, stream);
    const scene = stream % 2 === 0 ? oneSpriteScene(world, dice) : twoSpriteScene(world, dice);
    if (isUnseeable(world, scene)) continue;
    scenes++;
    const source = world.render(scene);
    for (const object of scene.objects) {
      const truth = world.silhouette(object).data.map((value) => (value > 0 ? 1 : 0));
      const overlapOf = async (prompt: { readonly prompt?: string }) => {
        const { mask } = await engine.select({ checkpoint: CHECKPOINT, source, word: object.object, ...prompt });
        return overlap(
          mask.data.map((value) => (value > 0 ? 1 : 0)),
          truth,
        );
      };
      const withCaption = await overlapOf({ prompt: world.caption(scene) });
      found.push({ scene, object, withCaption, withoutPrompt: await overlapOf({}) });
    }
  }
  return found;
}

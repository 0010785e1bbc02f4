import type { Unseen } from './scenes.ts';
import type { Scene, SceneObject } from './world.ts';

/** One random instance of a task, before anything is known of what the model has seen. */
export interface Draft {
  readonly source?: Scene;
  /** One scene; the scenes of the set for a task over several pictures. */
  readonly targets: readonly Scene[];
  /** The object that changes, as it was (none when one is added) and as it shall be (none when one is removed). */
  readonly before?: SceneObject;
  readonly after?: SceneObject;
  /** The scene that decides in which split the case is. */
  readonly novel: Scene;
}

/** `seen`: nothing in the case is new to the model but the scene itself. The others name what training never showed. */
export type Split = 'seen' | Unseen;

/** What a task drew, with the captions and seeds that go with it. */
export interface SpriteCase extends Draft {
  /** Stable name, for instance `T1-seen-007`. */
  readonly id: string;
  readonly split: Split;
  /** Caption of the source; empty where there is none. */
  readonly from: string;
  /** One caption a target. */
  readonly to: readonly string[];
  /** Seed of the noise of the edit, and of the source where the model paints it. */
  readonly seed: number;
}

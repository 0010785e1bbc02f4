/**
 * Attune as a library: open the engine, hand it a request and pixels, get pixels and a record back. Runs in the calling process;
 * nothing of the command line, the editor or a user's settings takes part.
 */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine as FullEngine } from '../engine/index.ts';
import { providerProbe } from '../models/probe.ts';
import { homeOf } from '../native/home.ts';
import { openRuntime } from '../native/measure.ts';
import { EMBEDDED, VERSION } from '../native/package.ts';
import { openLocalEngine, placesOf } from '../service/open-engine.ts';

export type {
  EditRecord,
  EditRequest,
  MediaRef,
  MethodDescription,
  MethodInput,
  ParamSchema,
  ParamValue,
  Placement,
  PromptReading,
  PromptSegment,
  Region,
  ResolvedRequest,
  RunEvent,
  Size,
  Vocabulary,
} from '../contract/index.ts';
export {
  AttuneError,
  type CatalogEntry,
  type CheckpointReport,
  type Clip,
  type ComponentReport,
  type ErrorKind,
  type ErrorWhere,
  type Fault,
  type FileDType,
  type FrameMap,
  type FrameShape,
  type FrameSink,
  type Gate,
  type JobPlan,
  type LatentSize,
  type LostFolder,
  type MediaSizes,
  type MemoryEstimate,
  type MemoryPart,
  type MemoryPlan,
  type MemoryStage,
  type MethodDefaults,
  type MissingPart,
  type Pixels,
  type Rectangle,
  type RegionAsked,
  type RunMedia,
  type RunOptions,
  type RunResult,
  type SelectedFrame,
  type SelectRequest,
  type SelectResult,
  type SourceSize,
  type Stretch,
  type Timeline,
  type UnreadInput,
  type UpscaleRequest,
} from '../engine/index.ts';
export { type Picture, readPicture, type WriteOptions, writePicture } from './pictures.ts';

/** The engine: requests in, pixels and records out. One run at a time. */
export type Engine = Omit<FullEngine, 'model'>;

export interface OpenOptions {
  /** Folders of checkpoints in the diffusers layout, besides the embedded models and the Hugging Face cache. */
  readonly folders?: readonly string[];
  /** Execution provider of onnxruntime, such as `cpu` or `cuda`. Default `cpu`. One that cannot be used is an error. */
  readonly provider?: string;
  /** Threads within one operator. Default: one per physical core. */
  readonly threads?: number;
  /** Folder for what a long video writes down while it is made. Default: `attune` in the system's temporary folder. */
  readonly scratch?: string;
}

/**
 * Opens the engine on the embedded models, the Hugging Face cache and the given folders. Weights are read when a request first
 * needs them, and stay until `close`.
 * @throws AttuneError 'runtime-failed' where the provider cannot be used
 */
export async function openEngine(options: OpenOptions = {}): Promise<Engine> {
  const { folders = [], scratch = join(tmpdir(), 'attune'), ...runtime } = options;
  return openLocalEngine({
    places: placesOf({ embedded: EMBEDDED, env: process.env, home: homeOf(process.env), folders }),
    version: VERSION,
    runtime: await openRuntime(providerProbe, runtime),
    scratch,
  });
}

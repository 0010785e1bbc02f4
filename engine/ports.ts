import type { Tensor } from './base/tensor.ts';

/** What the engine needs from outside. Implemented in `native/`, handed over by a composition root (cli, bench, test, engine process). */

/** How a session treats its weights. */
export interface SessionOptions {
  /**
   * `mapped`: weights stay in the user's files, mapped by the runtime (prepacking off); 16-bit weights are widened layer by layer.
   * `private`: the runtime may copy and prepack them (faster on small models, twice the memory).
   */
  readonly weights: 'mapped' | 'private';
  /**
   * Whether the runtime keeps the memory of a run for the next one, in blocks that fit it only in part. Default true. `false`: every tensor
   * is taken from the system and given back; right where a session runs seldom and its tensors are large.
   */
  readonly arena?: boolean;
}

/** A network as the runtime takes it. */
export interface EncodedModel {
  /** ONNX ModelProto. */
  readonly bytes: Uint8Array;
  /** The folder that the locations of its external data are relative to: the root of the file system, on Windows a drive or a share. */
  readonly weightsRoot: string;
}

export interface RuntimeSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the graph; blocks the calling thread. `fetches` limits the outputs. Throws AttuneError 'runtime-failed'. */
  run(feeds: Readonly<Record<string, Tensor>>, fetches?: readonly string[]): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

export interface TensorRuntime {
  /** Name of the provider that answers, e.g. `cpu`; goes into the record. */
  readonly provider: string;
  /** Version line of the runtime; goes into the record. */
  readonly version: string;
  /** Loads a network. Throws AttuneError 'runtime-failed'. */
  createSession(model: EncodedModel, options: SessionOptions): Promise<RuntimeSession>;
}

/** 8-bit pixels, row-major, channels interleaved. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  /** [height, width, channels] */
  readonly data: Uint8Array;
}

export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'avif';

export interface ImageCodec {
  /** Decodes a picture to 8-bit sRGB, orientation applied. Throws AttuneError 'media-invalid' naming `file`. */
  decode(bytes: Uint8Array, file: string): Promise<Pixels>;
  /** Encodes pixels without any metadata. `quality` 1..100 counts for jpeg, webp and avif. */
  encode(pixels: Pixels, format: ImageFormat, quality?: number): Promise<Uint8Array>;
}

/** Where pieces of a video that are too many for memory wait until they are needed. */
export interface FrameSpool {
  /** Keeps a piece, in place of the one of that name, if there is one; `data` may be used for other things afterwards. */
  put(key: string, data: Uint8Array): Promise<void>;
  read(key: string): Promise<Uint8Array>;
  /** Reads a piece for the last time. */
  take(key: string): Promise<Uint8Array>;
  /** Forgets what was not taken. */
  close(): Promise<void>;
}

/** Tags of a film's container, as every container and player knows them. */
export interface FilmTags {
  /** The prompts. */
  readonly title: string;
  /** The A1111 text that other tools read. */
  readonly comment: string;
  /** Our record as JSON, which can redo the job. */
  readonly description: string;
}

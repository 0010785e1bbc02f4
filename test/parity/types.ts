import type { TensorRuntime } from '../../engine/index.ts';

/** One printed line of `npm run parity`. */
export interface ParityResult {
  /** Fixture folder relative to the walked directory, with `/model` appended where a folder holds several models. */
  readonly path: string;
  readonly status: 'PASS' | 'FAIL' | 'SKIP';
  /** PASS and FAIL: the worst error as a share of its tolerance (1 is the border). */
  readonly worst?: number;
  /** FAIL: the first tensor outside its tolerance. SKIP: the reason. PASS: what ran, if that needs saying. */
  readonly detail?: string;
}

/** A dense array of a fixture; int64 is converted to numbers. */
export interface FixtureArray {
  readonly dtype: 'F64' | 'F32' | 'I64' | 'I32' | 'U8';
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

/** A folder with a manifest. */
export interface FixtureFolder {
  /** Absolute path. */
  readonly directory: string;
  /** Path relative to the walked directory, with forward slashes. */
  readonly path: string;
  /** The parsed manifest.json; read it with `field`, `text`, `number` of manifest.ts. */
  readonly manifest: unknown;
  /** Why the manifest could not be read. */
  readonly fault?: string;
}

export interface ParityContext {
  readonly runtime: TensorRuntime;
}

/** Runs one folder; returns one result, or one for each model in it. */
export type FixtureRunner = (fixture: FixtureFolder, context: ParityContext) => Promise<readonly ParityResult[]>;

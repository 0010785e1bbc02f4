import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeHeader } from '../engine/index.ts';
import { type PlannedNetwork, plannedTensors, type StoredFloat } from './networks.ts';

const BYTES = { F32: 4, F16: 2 } as const;
/** Values before the random ones repeat. Prime, so that tensors that begin elsewhere differ everywhere. */
const POOL = 1_048_583;

/** A component folder on disk. */
export interface WrittenNetwork {
  readonly folder: string;
  readonly weightBytes: number;
}

/** Temporary folder of one bench run. Checkpoints are written when first asked for and shared; everything is gone after `remove`. */
export class Workspace {
  readonly #folder = mkdtempSync(join(tmpdir(), 'attune-bench-'));
  readonly #written = new Map<string, WrittenNetwork>();

  constructor() {
    // Also when the run fails or is interrupted.
    process.once('exit', () => this.remove());
  }

  /** A component with small random weights. No two tensors are alike: the runtime shares packed copies of equal ones. */
  random(name: string, network: PlannedNetwork, dtype: StoredFloat): WrittenNetwork {
    return this.#once(`${name}-${dtype}`, network, dtype, (file, tensors) => {
      const pool = randomPool(dtype);
      let start = 0;
      for (const bytes of tensors) {
        start = (start + 7919 * BYTES[dtype]) % pool.length;
        writeRepeated(file, pool, start, bytes);
      }
    });
  }

  /** A component whose weights are a hole in its file, for what reads none of them: it has its full size and takes no room. */
  hollow(name: string, network: PlannedNetwork, dtype: StoredFloat): WrittenNetwork {
    return this.#once(`${name}-${dtype}-hollow`, network, dtype, (file, tensors, begin) => {
      ftruncateSync(file, begin + tensors.reduce((sum, bytes) => sum + bytes, 0));
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #once(
    key: string,
    network: PlannedNetwork,
    dtype: StoredFloat,
    fill: (file: number, tensorBytes: readonly number[], begin: number) => void,
  ): WrittenNetwork {
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const folder = join(this.#folder, key);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.json'), JSON.stringify(network.config));
    const planned = plannedTensors(network, dtype);
    const header = encodeHeader(planned);
    const path = join(folder, 'diffusion_pytorch_model.safetensors');
    const file = openSync(path, 'w');
    try {
      writeSync(file, header);
      const sizes = planned.map(({ shape }) => shape.reduce((product, extent) => product * extent, BYTES[dtype]));
      fill(file, sizes, header.length);
    } finally {
      closeSync(file);
    }
    const written = { folder, weightBytes: statSync(path).size - header.length };
    this.#written.set(key, written);
    return written;
  }
}

/** Uniform in -0.04..0.04: products with rows of 1536 keep the order of their input, as trained weights do. */
function randomPool(dtype: StoredFloat): Uint8Array {
  const view = new DataView(new ArrayBuffer(POOL * BYTES[dtype]));
  let state = 1;
  for (let i = 0; i < POOL; i += 1) {
    // Numerical Recipes' linear congruence: any spread of values does.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const value = (state / 2 ** 32 - 0.5) * 0.08;
    if (dtype === 'F32') view.setFloat32(4 * i, value, true);
    else view.setFloat16(2 * i, value, true);
  }
  return new Uint8Array(view.buffer);
}

function writeRepeated(file: number, pool: Uint8Array, start: number, bytes: number): void {
  let at = start;
  for (let left = bytes; left > 0; ) {
    const written = writeSync(file, pool, at, Math.min(left, pool.length - at));
    left -= written;
    at = (at + written) % pool.length;
  }
}

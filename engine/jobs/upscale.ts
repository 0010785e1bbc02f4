import { AttuneError } from '../base/errors.ts';
import type { Progress } from '../denoise/progress.ts';
import type { NetworkFamily, Upscaler } from '../family.ts';
import { cancellable, SessionCache } from '../model/sessions.ts';
import type { Pixels, TensorRuntime } from '../ports.ts';
import { checkUpscale, openUpscaler, upscale, upscaleBytes } from '../upscale/upscale.ts';

/** A picture to make larger. */
export interface UpscaleRequest {
  /** `.safetensors` file of an upscaler. */
  readonly network: string;
  readonly picture: Pixels;
  /** From 1 to the network's own factor, which is the default. */
  readonly scale?: number;
}

/** Runs upscalers, with the sessions that the last ones left. */
export class Upscalers {
  readonly #families: readonly NetworkFamily<Upscaler>[];
  readonly #sessions: SessionCache;

  constructor(families: readonly NetworkFamily<Upscaler>[], runtime: TensorRuntime) {
    this.#families = families;
    // The frames of a clip have one size.
    this.#sessions = new SessionCache(runtime, 1);
  }

  /** Throws 'request-invalid', 'checkpoint-...', 'memory-exceeded', 'runtime-failed', and 'cancelled' between two tiles. */
  async run(
    { network, picture, scale }: UpscaleRequest,
    progress: Progress,
    { signal, availableBytes }: { readonly signal?: AbortSignal | undefined; readonly availableBytes?: () => number },
  ): Promise<Pixels> {
    progress.stage('open');
    const opened = openUpscaler(network, this.#families);
    const factor = scale ?? opened.network.scale;
    checkUpscale(opened, picture, factor);
    const [needed, free] = [upscaleBytes(opened, picture), availableBytes?.() ?? Number.POSITIVE_INFINITY];
    if (needed > free)
      throw new AttuneError(
        'memory-exceeded',
        `Enlarging ${picture.width}x${picture.height} takes about ${megabytes(needed)}, and ${megabytes(free)} are free. Close other programs, or take a smaller picture.`,
        { field: 'scale' },
      );
    progress.stage('upscale');
    return upscale(opened, picture, factor, cancellable(this.#sessions, signal), (done, of) => progress.step(done, of));
  }

  close(): Promise<void> {
    return this.#sessions.release();
  }
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;

import { elementCount } from '../base/tensor.ts';
import type { VideoAutoencoder } from '../family.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { hookBytes, type MemoryPlan, RUNNING, type StageNeeds, sessionNeeds, sumStages, weightsOf } from './memory.ts';
import { DEFAULT_VIDEO_TILING } from './videobatches.ts';
import type { VideoCanvas } from './videocanvas.ts';
import type { VideoModel } from './videomodel.ts';

/** What of a video job decides its memory. */
export interface VideoShape {
  readonly canvas: VideoCanvas;
  /** Rows of a step's batch. */
  readonly rows: number;
  /** Latent frames of one pass. */
  readonly window: number;
  /** Whether a clip is encoded first. */
  readonly encodes: boolean;
  /** Value columns that read out word maps; 0 for none. */
  readonly mapColumns: number;
  /** Whether rows take logits, keys or values from others. */
  readonly routed: boolean;
  /** Whether the latent goes through memory window by window. */
  readonly streams: boolean;
  /** Bytes beyond which a latent that does waits on a disk, as pieces of large frames do; undefined: there is none, all are in memory. */
  readonly heldBytes: number | undefined;
}

/** Latents that a sampler holds: state, prediction, clean estimates of two steps, noise. */
const LATENTS = 5;

/** Latents that wait where the sampler holds windows alone: state and clean estimate. */
const WAITING = 2;

/** As `planMemory`, of a video: one pass of the network and one batch of the autoencoder, however long the video is, and what waits of it. */
export function planVideoMemory(
  model: VideoModel,
  { canvas, rows, window, encodes, mapColumns, routed, streams, heldBytes }: VideoShape,
): MemoryPlan {
  const { denoiser, coder, loading } = model;
  const { video } = denoiser;
  const stages: StageNeeds[] = [];
  const half = (name: string) => weightsOf(model, 'vae', (tensor) => tensor.includes(name));
  if (encodes) stages.push({ stage: 'encode', component: 'vae', needs: coderNeeds(model, canvas, 'encoder.', half) });
  for (const { name, encoder, loading: encoderLoading } of model.promptEncoders)
    stages.push({
      stage: 'condition',
      component: name,
      needs: sessionNeeds(
        weightsOf(model, name),
        encoderLoading,
        encoder.activationBytes({ batch: 1, tokens: video.textTokens }),
      ),
    });
  const frames = Math.ceil(window / video.patchFrames) * video.patchFrames;
  const sizes = { batch: rows, frames, height: canvas.rows, width: canvas.columns, textTokens: video.textTokens };
  stages.push(
    {
      stage: 'denoise',
      component: 'transformer',
      needs: sessionNeeds(
        weightsOf(model, 'transformer'),
        loading.denoiser,
        denoiser.activationBytes(sizes) + hookBytes(model, sizes, mapColumns, routed),
      ),
    },
    { stage: 'decode', component: 'vae', needs: coderNeeds(model, canvas, 'decoder.', half) },
  );
  const latent = canvas.latentLength * Float32Array.BYTES_PER_ELEMENT;
  const isOnDisk = heldBytes !== undefined && latent > heldBytes;
  // Two windows are read at once, and the frames that their blend has not let go of are about as many.
  const windows = Math.min(latent, (2 * window * latent) / (canvas.leadingFrames + canvas.codedFrames));
  const latents = streams ? LATENTS * windows + (isOnDisk ? 0 : WAITING * latent) : LATENTS * latent;
  const text = (rows + 1) * video.textTokens * denoiser.textWidth * Float32Array.BYTES_PER_ELEMENT;
  const planes = 4 * 3 * canvas.paddedWidth * canvas.paddedHeight * Float32Array.BYTES_PER_ELEMENT;
  return sumStages(
    model,
    RUNNING + latents + text + planes + (heldBytes !== undefined ? 0 : spooledBytes(model, canvas)),
    stages,
  );

  function coderNeeds(
    { loading: { autoencoder } }: VideoModel,
    { rows: height, columns: width, codedFrames }: VideoCanvas,
    part: 'encoder.' | 'decoder.',
    weights: (name: string) => ReturnType<typeof weightsOf>,
  ) {
    const plane = { batch: 1, height, width };
    if (coder.kind === 'pictures') {
      const bytes =
        part === 'decoder.'
          ? coder.autoencoder.decoderActivationBytes(plane)
          : coder.autoencoder.encoderActivationBytes({
              batch: 1,
              height: height * coder.autoencoder.downscale,
              width: width * coder.autoencoder.downscale,
            });
      return sessionNeeds(weights(part), autoencoder, bytes);
    }
    const cells = (side: number) => Math.min(side, DEFAULT_VIDEO_TILING.cells);
    const size = { batch: 1, height: cells(height), width: cells(width), follows: true };
    const d = coder.autoencoder.downscale;
    const bytes =
      part === 'decoder.'
        ? coder.autoencoder.decoderActivationBytes({
            ...size,
            frames: coder.autoencoder.decoderBatches(codedFrames)[0] ?? 1,
          })
        : coder.autoencoder.encoderActivationBytes({
            ...size,
            height: size.height * d,
            width: size.width * d,
            frames: coder.autoencoder.encoderBatches((codedFrames - 1) * coder.autoencoder.frameScale + 1)[0] ?? 1,
          });
    const carried = part === 'decoder.' ? carriedBytes(coder.autoencoder, size) : 0;
    return sessionNeeds(weights(part), autoencoder, bytes + carried);
  }
}

/** What the convolutions of a decoder hand from one batch of a tile to the next: held twice while a batch runs. */
function carriedBytes(
  autoencoder: VideoAutoencoder,
  tile: { readonly batch: number; readonly height: number; readonly width: number },
): number {
  const { after } = autoencoder.buildDecoder(new GraphBuilder(), { ...tile, frames: 2, follows: true });
  const values = [...after.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return 2 * values * Float32Array.BYTES_PER_ELEMENT;
}

/** 8-bit pixels of all tiles of all frames, which wait for their neighbours where a plane is larger than a tile. */
function spooledBytes({ coder }: VideoModel, { rows, columns, codedFrames }: VideoCanvas): number {
  const { cells, overlap } = DEFAULT_VIDEO_TILING;
  if (coder.kind === 'pictures' || (rows <= cells && columns <= cells)) return 0;
  const covered = (side: number) =>
    side <= cells ? side : cells * (1 + Math.ceil((side - cells) / (cells - overlap)));
  const { downscale, frameScale } = coder.autoencoder;
  return 3 * covered(rows) * covered(columns) * downscale ** 2 * codedFrames * frameScale;
}

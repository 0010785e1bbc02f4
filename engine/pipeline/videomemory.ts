import { type MemoryPlan, RUNNING, type StageNeeds, sessionNeeds, sumStages, weightsOf } from './memory.ts';
import type { VideoCanvas } from './videocanvas.ts';
import { DEFAULT_VIDEO_TILING } from './videocodec.ts';
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
}

/** Latents of the whole video that a sampler holds: state, prediction, clean estimates of two steps, noise. */
const LATENTS = 5;

/** As `planMemory`, of a video: one pass of the network and one batch of the autoencoder, however long the video is. */
export function planVideoMemory(model: VideoModel, { canvas, rows, window, encodes }: VideoShape): MemoryPlan {
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
      needs: sessionNeeds(weightsOf(model, 'transformer'), loading.denoiser, denoiser.activationBytes(sizes)),
    },
    { stage: 'decode', component: 'vae', needs: coderNeeds(model, canvas, 'decoder.', half) },
  );
  const latents = LATENTS * canvas.latentLength * Float32Array.BYTES_PER_ELEMENT;
  const text = (rows + 1) * video.textTokens * denoiser.textWidth * Float32Array.BYTES_PER_ELEMENT;
  const frame = 4 * 3 * canvas.paddedWidth * canvas.paddedHeight * Float32Array.BYTES_PER_ELEMENT;
  return sumStages(model, RUNNING + latents + text + frame, stages);

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
    const cells = (side: number) => Math.min(side, part === 'decoder.' ? DEFAULT_VIDEO_TILING.cells : side);
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
            height: height * d,
            width: width * d,
            frames: coder.autoencoder.encoderBatches((codedFrames - 1) * coder.autoencoder.frameScale + 1)[0] ?? 1,
          });
    return sessionNeeds(weights(part), autoencoder, bytes);
  }
}

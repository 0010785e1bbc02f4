/** The engine as composition roots see it: cli, bench, test and the engine process import this file and no other of the engine. */

export { massValues } from './attention/capture.ts';
export { type CompiledAttention, compileAttention } from './attention/compile.ts';
export { extendValues } from './attention/extend.ts';
export { filterValues, timeFilter } from './attention/filter.ts';
export { forkValues } from './attention/fork.ts';
export * from './attention/ops.ts';
export {
  type OperandSources,
  refineProbabilities,
  replaceProbabilities,
  reweightProbabilities,
  scheduleProbabilities,
  selfAttentionSources,
} from './attention/published.ts';
export { routeValues } from './attention/route.ts';
export { shapeValues } from './attention/shape.ts';
export { shareValues } from './attention/share.ts';
export * from './attention/site.ts';
export { type HookSizes, sizesOf } from './attention/sizes.ts';
export { branchValues, HARD_MASK, type HookInput, type HookValues } from './attention/values.ts';
export * from './base/errors.ts';
export * from './base/noise.ts';
export { nearest } from './base/spelling.ts';
export * from './base/tensor.ts';
export type { FileDType } from './checkpoint/dtypes.ts';
export { openComponent } from './checkpoint/folder.ts';
export { hfCacheFolder } from './checkpoint/hfcache.ts';
export type { CheckpointReport, ComponentReport, Fault, MissingPart } from './checkpoint/inspect.ts';
export type { MemoryEstimate } from './checkpoint/memory.ts';
export { reportLines } from './checkpoint/report.ts';
export { encodeHeader, type PlannedTensor } from './checkpoint/writer.ts';
export type * from './family.ts';
export { GraphBuilder, type Value } from './graph/builder.ts';
export * from './jobs/catalog.ts';
export * from './jobs/engine.ts';
export type { UnreadInput } from './jobs/unread.ts';
export {
  aggregateWords,
  chooseBranches,
  noiseAwareLimit,
  union,
  without,
  wordMask,
} from './media/maskprogram.ts';
export { pictureFormat } from './media/metadata/carried.ts';
export { filmTags, readFilmTags } from './media/metadata/film.ts';
export { importFilm, importMetadata } from './media/metadata/import.ts';
export { type PictureMetadata, readMetadata, writeMetadata } from './media/metadata/picture.ts';
export { compareWhere } from './media/paste.ts';
export { checkMask, toMask } from './media/pixels.ts';
export { inputFaults, paramFromText, paramRange } from './methods/checks.ts';
export type { FrameMap } from './methods/videomethod.ts';
export { type DenoisingModel, openBranches } from './pipeline/branches.ts';
export { canvasOf, decodeOnCanvas, encodeOnCanvas } from './pipeline/canvas.ts';
export { type CodingModel, decodeLatent, decodePlanes } from './pipeline/codec.ts';
export { encodePrompt } from './pipeline/condition.ts';
export { latentOn } from './pipeline/latentframes.ts';
export { flowLevels } from './pipeline/levels.ts';
export type { MemoryPart, MemoryStage } from './pipeline/memory.ts';
export { SessionCache } from './pipeline/sessions.ts';
export { videoCanvasOf } from './pipeline/videocanvas.ts';
export { decodeFramePlanes } from './pipeline/videocodec.ts';
export { type FrameCoder, isVideoDenoiser } from './pipeline/videomodel.ts';
export type * from './ports.ts';
export { runVirtualInversion, virtualInversionStep } from './sampling/ddcm.ts';
export { runDiffusionLoop } from './sampling/diffusionloop.ts';
export { dpmSdeStep } from './sampling/dpmsde.ts';
export { dynamicGuidance } from './sampling/dynamicguidance.ts';
export { runEulerLoop } from './sampling/eulerloop.ts';
export { dynamicShift } from './sampling/flow.ts';
export { advanceOffset } from './sampling/paired.ts';
export { firstActiveStep, runPairedLoop } from './sampling/pairedloop.ts';
export { publishedLevels } from './sampling/publishedlevels.ts';
export { openScheduler } from './sampling/registry.ts';
export type { SamplingPlan } from './sampling/scheduler.ts';
export { guide, guidedStep, renoise } from './sampling/steps.ts';
export { alignTokens, cosine, linkInsertedRuns, refineMap, replaceMatrix, selectInOrder } from './text/align.ts';
export { splitWords } from './text/prompt.ts';
export { isOpen, type Window, wordScheduleTable } from './text/schedule.ts';
export { complete, otherWords } from './text/suggest.ts';
export { namePhrases, unknownPhrases } from './text/unknown.ts';
export { triangleWeights, WindowBlend } from './video/blend.ts';
export { cscv, neighbourSimilarities } from './video/cscv.ts';
export * from './video/pairsharing.ts';
export { reweighting, reweightValues } from './video/reweight.ts';
export { planSegments } from './video/segments.ts';
export { segmentStates } from './video/transition.ts';
export { stretchFrames, thresholdMap } from './video/wordplace.ts';

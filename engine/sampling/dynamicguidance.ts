/**
 * Guidance scale of a step as CogVideoX's "dynamic" guidance and DiTCtrl's sampler compute it:
 *
 *     1 + scale (1 - cos(pi ((steps - t) / steps)^exponent)) / 2
 *
 * with t the training timestep, 0..999, where the step's index was meant: the values are not monotone and lie in 1..1 + scale. The
 * published numbers were made with it (official code of DiTCtrl, DynamicCFG; CogVideoXPipeline with use_dynamic_cfg).
 */
export function dynamicGuidance(scale: number, timestep: number, steps: number, exponent = 5): number {
  return 1 + (scale * (1 - Math.cos(Math.PI * ((steps - timestep) / steps) ** exponent))) / 2;
}

import { expect, it } from 'vitest';
import { dynamicGuidance } from './dynamicguidance.ts';

it('stays within 1 and 1 + scale and is 1 at the timestep that equals the number of steps', () => {
  for (let timestep = 0; timestep < 1000; timestep++) {
    const scale = dynamicGuidance(6, timestep, 50);
    expect(scale).toBeGreaterThanOrEqual(1);
    expect(scale).toBeLessThanOrEqual(7);
  }
  expect(dynamicGuidance(6, 50, 50)).toBe(1);
});

import type { Config } from '../../engine/checkpoint/config.ts';
import { malformed, quote, refusal } from '../../engine/checkpoint/refusal.ts';

export const COLOURS = 3;

export interface AutoencoderForm {
  /** Names of the reference's blocks. */
  readonly down: string;
  readonly up: string;
  /** Width of each resolution, the full one first. */
  readonly widths: readonly number[];
  /** Groups of the norms. */
  readonly groups: number;
}

/**
 * Refuses what an autoencoder of diffusers may be besides the one form that is built here: other blocks, another activation, other than
 * RGB; and widths that its norms cannot divide. Throws 'checkpoint-unsupported' or 'checkpoint-damaged' naming the field.
 */
export function refuseOtherForms(config: Config, { down, up, widths, groups }: AutoencoderForm): void {
  for (const [field, kind] of [
    ['down_block_types', down],
    ['up_block_types', up],
  ] as const) {
    const blocks = config.optionalStringArray(field, { maxLength: 16 }) ?? widths.map(() => kind);
    const other = blocks.find((block) => block !== kind);
    if (other !== undefined)
      throw refusal(
        'checkpoint-unsupported',
        config.file,
        `The field "${field}" has ${quote(other)}; Attune knows "${kind}".`,
        { field },
      );
    if (blocks.length !== widths.length)
      throw malformed(
        config.file,
        `The field "${field}" has ${blocks.length} entries where block_out_channels has ${widths.length}`,
        { field },
      );
  }
  config.optionalOneOf('act_fn', ['silu']);
  for (const field of ['in_channels', 'out_channels']) {
    const channels = config.optionalInteger(field) ?? COLOURS;
    if (channels !== COLOURS)
      throw refusal(
        'checkpoint-unsupported',
        config.file,
        `The field "${field}" is ${channels}; Attune works on RGB, 3 channels.`,
        { field },
      );
  }
  const uneven = widths.find((width) => width % groups !== 0);
  if (uneven !== undefined)
    throw malformed(
      config.file,
      `The field "block_out_channels" has ${uneven}, no multiple of norm_num_groups = ${groups}`,
      {
        field: 'block_out_channels',
      },
    );
}

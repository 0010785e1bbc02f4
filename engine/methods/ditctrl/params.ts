import type { ParamSchema } from '../../../contract/index.ts';
import { PER_FRAME_NOISE } from '../perframenoise.ts';

/** Controls of DiTCtrl; defaults are the published settings, as shares of steps and layers. */
export const DITCTRL_PARAMS = [
  {
    name: 'joining',
    title: 'Blending',
    summary: 'How windows follow each other.',
    type: 'choice',
    choices: [
      { value: 'blend', title: 'Blended', summary: 'They overlap, and frames that two of them make are blended.' },
      { value: 'cut', title: 'Cut', summary: 'Each is made by itself, and one follows the other at a cut.' },
    ],
    default: 'blend',
  },
  {
    name: 'overlap',
    title: 'Overlap',
    summary:
      'Latent frames that neighbouring windows share; more makes slower transitions. 0: six thirteenths of a window.',
    type: 'integer',
    min: 0,
    max: 48,
    default: 0,
  },
  {
    name: 'transitions',
    title: 'Transition windows',
    summary: 'Windows between two prompts that show a mean of both; more makes longer transitions.',
    type: 'integer',
    min: 0,
    max: 8,
    default: 1,
  },
  {
    name: 'sharing',
    title: 'Shared attention',
    summary:
      'Whether a window reads keys and values of the one before, which keeps what is seen the same across prompts.',
    type: 'boolean',
    default: true,
  },
  {
    name: 'shareFrom',
    title: 'Shared from',
    summary: 'Share of the steps before attention is shared; more lets a new prompt change the layout.',
    type: 'number',
    min: 0,
    max: 1,
    step: 0.01,
    default: 0.04,
  },
  {
    name: 'shareUntil',
    title: 'Shared until',
    summary: 'Share of the steps after which attention is no longer shared; less lets details change.',
    type: 'number',
    min: 0,
    max: 1,
    step: 0.01,
    default: 0.5,
  },
  {
    name: 'sharedLayers',
    title: 'Shared layers',
    summary:
      "Share of the network's layers, the last ones, in which attention is shared; more keeps more of the scene.",
    type: 'number',
    min: 0,
    max: 1,
    step: 0.01,
    default: 0.17,
  },
  {
    name: 'subject',
    title: 'Subject',
    summary:
      'A word of every prompt: what it names reads only itself in the window before, the rest only the rest. Empty: no masks.',
    type: 'text',
    maxLength: 100,
    default: '',
  },
  {
    name: 'threshold',
    title: 'Subject threshold',
    summary: "From which share of the word's map a place belongs to the subject; less makes the subject larger.",
    type: 'number',
    min: 0,
    max: 1,
    step: 0.01,
    default: 0.3,
  },
  {
    name: 'unconditional',
    title: 'Guidance baseline',
    summary: 'What guidance leads away from.',
    type: 'choice',
    choices: [
      { value: 'prompt', title: 'Negative prompt', summary: 'The negative prompt, empty if there is none.' },
      {
        value: 'zero',
        title: 'Zeros',
        summary: 'Text states of zeros, as published; a negative prompt is not read.',
      },
    ],
    default: 'prompt',
  },
  {
    name: 'dynamicGuidance',
    title: 'Dynamic guidance',
    summary: 'Guidance changes over the steps as in the published samples, instead of staying the same.',
    type: 'boolean',
    default: false,
  },
  PER_FRAME_NOISE,
] as const satisfies readonly ParamSchema[];

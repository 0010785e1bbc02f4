import { RotateCcw } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Region } from '../../../contract/index.ts';
import { useEditor } from '../state/editor.ts';
import { setRegion, useRegion } from '../state/region.ts';
import { useSession } from '../state/session.ts';
import { useView } from '../state/view.ts';
import { IconButton } from '../ui/controls.tsx';
import type { Sides } from './frame.ts';
import { useNamedWords } from './heat.ts';
import { ARROWS, LARGE_STEP, STEP } from './keyboard.ts';
import { type Extent, type Placement, toStage } from './placement.ts';
import { OWN_POINTER } from './pointers.ts';
import { frameOf, isWhole, nudgeRegion } from './regiontool.ts';
import { useStage } from './stage.ts';

/** The frame of the picture that a run works in, with its handles while the region tool is used, and what is done there. */
export function RegionLayer() {
  const { stage, picture, placement } = useStage();
  const { draft, placement: placed } = useRegion();
  const { region, shown } = useEditor(({ document }) => document);
  const { tool, compare } = useView();
  const isTool = tool === 'region';
  if (picture === null || placed === null) return null;
  // A picture that is worked on as it is needs no frame, and one that is looked at none over it.
  const isLookedAt = compare !== 'off' || (tool === 'hand' && shown !== null);
  if (!isTool && (isLookedAt || (region === null && placed.region === undefined))) return null;
  const frame = frameOf(picture, { draft, placement: placed }, region);
  const onStage = stagedOf(frame, placement);
  const isAutomatic = region === null && draft === null;
  return (
    <div
      className="canvas-region"
      data-testid="region"
      data-frame={[frame.x, frame.y, frame.width, frame.height].join()}
    >
      <Outline {...{ onStage, isAutomatic, isTool }} whole={stagedOf({ x: 0, y: 0, ...picture }, placement)} />
      {isTool && <Handles {...{ frame, onStage }} canMove={!isWhole(frame, picture)} />}
      <RegionLabel {...{ onStage, stage, picture }} isPart={placed.region !== undefined || draft !== null} />
    </div>
  );
}

function stagedOf({ x, y, width, height }: Region, placement: Placement): Region {
  const { scale } = placement;
  return { ...toStage(placement, { x, y }), width: width * scale, height: height * scale };
}

/** The frame, and the picture around it in shade: more while the frame is what one works on. */
function Outline({
  onStage,
  whole,
  isAutomatic,
  isTool,
}: {
  readonly onStage: Region;
  readonly whole: Region;
  readonly isAutomatic: boolean;
  readonly isTool: boolean;
}) {
  const path = ({ x, y, width, height }: Region) => `M${x} ${y}h${width}v${height}h${-width}Z`;
  const rectangle = path(onStage);
  return (
    <svg className="canvas-region-lines" aria-hidden="true">
      {(isTool || !isAutomatic) && (
        <path
          className={`canvas-region-shade${isTool ? ' canvas-region-shade-deep' : ''}`}
          fillRule="evenodd"
          d={path(whole) + rectangle}
        />
      )}
      <path className="canvas-line-dark" d={rectangle} />
      <path className={`canvas-line-light${isAutomatic ? ' canvas-line-dashed' : ''}`} d={rectangle} />
    </svg>
  );
}

const HANDLES = [
  ['topLeft', -1, -1],
  ['top', 0, -1],
  ['topRight', 1, -1],
  ['right', 1, 0],
  ['bottomRight', 1, 1],
  ['bottom', 0, 1],
  ['bottomLeft', -1, 1],
  ['left', -1, 0],
] as const;
/** Screen pixels below which the handles of corners leave no room for one between them; keys reach it all the same. */
const SHORT_SIDE = 72;

/** What holds the frame. The stage takes the pointer; the keys are taken here. */
function Handles({
  frame,
  onStage,
  canMove,
}: {
  readonly frame: Region;
  readonly onStage: Region;
  readonly canMove: boolean;
}) {
  const { t } = useTranslation();
  const onKeyDown = (sides: Sides) => (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key];
    if (arrow === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const step = event.shiftKey ? LARGE_STEP : STEP;
    nudgeRegion(sides, { x: arrow.x * step, y: arrow.y * step });
  };
  return (
    <fieldset
      className={canMove ? 'canvas-frame canvas-frame-part' : 'canvas-frame'}
      aria-label={t('canvas.region.frame', { ...frame })}
      style={{
        width: onStage.width,
        height: onStage.height,
        transform: `translate(${onStage.x}px, ${onStage.y}px)`,
      }}
    >
      {HANDLES.map(([name, x, y]) => {
        const isShort = (x === 0 && onStage.width < SHORT_SIDE) || (y === 0 && onStage.height < SHORT_SIDE);
        return (
          <button
            key={name}
            type="button"
            className={`canvas-handle canvas-handle-${name}${isShort ? ' canvas-handle-hidden' : ''}`}
            aria-label={t(`canvas.region.handle.${name}`)}
            onKeyDown={onKeyDown({ x, y })}
          />
        );
      })}
    </fieldset>
  );
}

/** Height of the label and its distance to the frame, and what the words of maps take of the stage's lower edge. */
const LABEL = 28;
const APART = 8;
const CHIPS = 52;
/** Half of its usual width, which keeps it within the stage. */
const HALF = 190;

/** At which size the frame is worked on, and how it gets back where it is placed by itself. */
function RegionLabel({
  onStage,
  stage,
  picture,
  isPart,
}: {
  readonly onStage: Region;
  readonly stage: Extent;
  readonly picture: Extent;
  readonly isPart: boolean;
}) {
  const { t } = useTranslation();
  const placement = useRegion((state) => state.placement);
  const isSet = useEditor(({ document }) => document.region !== null);
  const hasChips = useNamedWords().length > 0;
  const isRunning = useSession(({ run }) => run !== null);
  if (placement === null) return null;
  const [lower, limit] = [onStage.y + onStage.height, stage.height - (hasChips ? CHIPS : 0)];
  // Where there is no room below the frame it lies inside, over its lower side.
  const hasRoom = lower + APART + LABEL <= limit;
  // Nor is it over the preview of a run.
  if (isRunning && !hasRoom) return null;
  const top = Math.max(APART, hasRoom ? lower + APART : Math.min(lower, limit) - LABEL - APART);
  // Within the stage, as far as it is as wide as usual.
  const half = Math.min(HALF, stage.width / 2);
  const middle = Math.min(stage.width - half, Math.max(half, onStage.x + onStage.width / 2));
  const { width, height } = placement.size;
  const text = isPart
    ? t('canvas.region.pasted', { width, height, pictureWidth: picture.width, pictureHeight: picture.height })
    : t('canvas.region.runs', { width, height });
  return (
    <div
      className="canvas-region-label"
      style={{ insetBlockStart: top, insetInlineStart: middle }}
      {...{ [OWN_POINTER]: '' }}
    >
      <output>{text}</output>
      {isSet && (
        <IconButton label={t('canvas.region.automatic')} onClick={() => setRegion(null)}>
          <RotateCcw size={14} aria-hidden />
        </IconButton>
      )}
    </div>
  );
}

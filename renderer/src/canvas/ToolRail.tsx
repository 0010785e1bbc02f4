import { Brush, Eraser, Frame, Hand, Lasso, type LucideIcon, SquareDashed, WholeWord } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { keysText } from '../actions/actions.ts';
import { setView, type Tool, useView } from '../state/view.ts';
import { IconButton } from '../ui/controls.tsx';

const TOOLS: readonly (readonly [Tool, LucideIcon])[] = [
  ['hand', Hand],
  ['brush', Brush],
  ['eraser', Eraser],
  ['lasso', Lasso],
  ['rectangle', SquareDashed],
  ['word', WholeWord],
  ['region', Frame],
];

/** The tools; those that paint need a picture whose mask they paint. */
export function ToolRail({ hasSource }: { readonly hasSource: boolean }) {
  const { t } = useTranslation();
  const tool = useView((view) => view.tool);
  return (
    <div className="canvas-rail" role="toolbar" aria-orientation="vertical" aria-label={t('canvas.tools')}>
      {TOOLS.map(([id, Icon]) => (
        <IconButton
          key={id}
          label={t(`canvas.tool.${id}`)}
          keys={keysText(`tool.${id}`)}
          isPressed={tool === id}
          disabled={!hasSource && id !== 'hand'}
          onClick={() => setView({ tool: id })}
        >
          <Icon size={18} aria-hidden />
        </IconButton>
      ))}
    </div>
  );
}

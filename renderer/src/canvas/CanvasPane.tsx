import { useTranslation } from 'react-i18next';
import { useEditor } from '../state/editor.ts';
import './canvas.css';
import { CanvasView } from './CanvasView.tsx';
import { EmptyStage } from './EmptyStage.tsx';
import { MapChips } from './MapChips.tsx';
import { ResultBar } from './ResultBar.tsx';
import { StatusLine } from './StatusLine.tsx';
import { useScene } from './scene.ts';
import { ToolOptions } from './ToolOptions.tsx';
import { ToolRail } from './ToolRail.tsx';

/** The middle of the editor: tools, the picture, and how it is shown. */
export function CanvasPane() {
  const { t } = useTranslation();
  const hasSource = useEditor(({ document }) => document.source !== null);
  const scene = useScene();
  const canCompare = scene.source !== null && scene.over !== null;
  return (
    <section className="canvas-pane" aria-label={t('canvas.pane')}>
      <ToolRail hasSource={hasSource} />
      <ToolOptions hasSource={hasSource} />
      {scene.picture === null ? <EmptyStage /> : <CanvasView scene={scene} />}
      <ResultBar />
      <MapChips />
      <StatusLine picture={scene.picture} canCompare={canCompare} />
    </section>
  );
}

import { Eye, EyeOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useEditor } from '../state/editor.ts';
import { useMaskCoverage } from '../state/mask.ts';
import { useSession } from '../state/session.ts';
import { setView, useView, type View } from '../state/view.ts';
import { IconButton, NumberField } from '../ui/controls.tsx';

type LayerName = keyof View['layers'];

/** What lies over what on the canvas, topmost first. */
export function LayersPanel() {
  const { t } = useTranslation();
  const { document } = useEditor();
  const { maskOpacity, resultOpacity } = useView();
  const coverage = useMaskCoverage();
  const entry = useSession(({ history }) => history.find(({ id }) => id === document.shown));
  return (
    <section className="layers-panel scroll" aria-label={t('layers.title')}>
      <ul className="layers">
        <Layer name="mask" note={coverage > 0 ? t('mask.covers', { share: percent(coverage) }) : t('mask.empty')}>
          <NumberField
            id="mask-opacity"
            label={t('layers.maskOpacity')}
            value={Math.round(maskOpacity * 100)}
            min={0}
            max={100}
            step={1}
            onChange={(value) => setView({ maskOpacity: value / 100 })}
          />
        </Layer>
        <Layer name="result" note={entry === undefined ? t('layers.noResult') : entry.request.prompt}>
          <NumberField
            id="result-opacity"
            label={t('layers.resultOpacity')}
            value={Math.round(resultOpacity * 100)}
            min={0}
            max={100}
            step={1}
            onChange={(value) => setView({ resultOpacity: value / 100 })}
          />
        </Layer>
        <Layer
          name="source"
          note={
            document.source === null
              ? t('layers.noSource')
              : `${document.source.ref.name} · ${document.source.width}×${document.source.height}`
          }
        />
      </ul>
    </section>
  );
}

const percent = (share: number) => (share < 0.01 ? '<1' : Math.round(share * 100));

function Layer({
  name,
  note,
  children,
}: {
  readonly name: LayerName;
  readonly note: string;
  readonly children?: React.ReactNode;
}) {
  const { t } = useTranslation();
  const layers = useView((view) => view.layers);
  const isShown = layers[name];
  return (
    <li className="layer">
      <IconButton
        label={t(isShown ? 'layers.hide' : 'layers.show', { layer: t(`layers.${name}`) })}
        isPressed={isShown}
        onClick={() => setView({ layers: { ...layers, [name]: !isShown } })}
      >
        {isShown ? <Eye size={16} aria-hidden /> : <EyeOff size={16} aria-hidden />}
      </IconButton>
      <div className="layer-text">
        <span>{t(`layers.${name}`)}</span>
        <span className="hint">{note}</span>
        {children}
      </div>
    </li>
  );
}

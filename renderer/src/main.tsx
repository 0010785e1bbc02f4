import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { findCarrier } from './carrier/find.ts';
import { start } from './start.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/panels.css';
import './styles/pages.css';
import './styles/video.css';

await start(findCarrier());
const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);

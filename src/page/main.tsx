import { App } from './app.js';
import { render } from './preact.js';
import './style.css';

render(<App />, document.getElementById('app')!);

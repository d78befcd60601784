// The one file that imports the package; its JSX functions come in by the compiler.
export { Component, type ComponentChildren, render, type VNode } from 'preact';
export { useCallback, useEffect, useId, useRef, useState } from 'preact/hooks';

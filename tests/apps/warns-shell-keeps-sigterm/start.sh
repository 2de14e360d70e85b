#!/bin/bash
trap 'echo restarting' TERM
while true; do
    python3 app.py
done

#!/bin/sh
python -c "import this"

export MINE=yes

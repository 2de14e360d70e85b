echo "Operations to perform:"
echo "  Applying shop.0002_totals..."
sleep 3600
exec python -m http.server "$PORT"
